using System.Globalization;

namespace Aspire.Hosting;

/// <summary>What the kernel says of processes (<c>/proc</c>, see proc_pid_stat(5)).</summary>
internal static class ProcessTable
{
    /// <summary>When the process began, in clock ticks since boot: with the id it names a process for good, since ids are used again.</summary>
    public static string? StartOf(int id) => Fields(id) is { Length: > 19 } fields ? fields[19] : null;

    /// <summary>Whether the process that began at <paramref name="start"/> still is.</summary>
    public static bool IsAlive(int id, string start) => Fields(id) is { Length: > 19 } fields && fields[19] == start && fields[0] is not ("Z" or "X");

    /// <summary>Whether any process of the group still runs; one that has ended and was not waited for does not.</summary>
    public static bool GroupIsAlive(int group)
    {
        if (!Signals.Send(-group, Signal.Probe))
        {
            return false;
        }

        var wanted = group.ToString(CultureInfo.InvariantCulture);
        return Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? Fields(id) : null)
            .Any(fields => fields is { Length: > 19 } && fields[2] == wanted && fields[0] is not ("Z" or "X"));
    }

    // The second field is the program's name in parentheses and may hold anything; what is counted begins after it, with the state.
    private static string[]? Fields(int id)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            // It ended while it was being read.
            return null;
        }
    }
}
