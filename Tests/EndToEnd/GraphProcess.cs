using System.Diagnostics;
using System.Globalization;

namespace Orrery.Tests.EndToEnd;

/// <summary>What a test does to a process of the graph from outside, as an operator or an accident would.</summary>
internal static class GraphProcess
{
    /// <summary>A variable of the environment that the process was started with.</summary>
    public static string Variable(int pid, string name)
    {
        var start = name + "=";
        return File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/environ").Split('\0')
            .Single(entry => entry.StartsWith(start, StringComparison.Ordinal))[start.Length..];
    }

    /// <summary>Sends a signal as <c>kill</c> names it: <c>-KILL</c>, <c>-STOP</c>.</summary>
    public static async Task Signal(int pid, string signal)
    {
        using var kill = Process.Start("kill", [signal, pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
