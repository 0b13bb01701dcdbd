using System.Diagnostics;

namespace Orrery.Bench.Processes;

/// <summary>This program once more, in another role and in a process of its own, so that what it uses can be told from what we use.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>What it says first: a server's address.</summary>
    public string FirstLine { get; private set; } = "";

    /// <exception cref="InvalidOperationException">It ended before it said anything.</exception>
    public static async Task<ChildProcess> StartAsync(params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        var child = new ChildProcess(Process.Start(start)!);
        child.FirstLine = await child._process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"'{string.Join(' ', args)}' ended before it said anything; its own words are above.");
        return child;
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>The one line that it writes.</returns>
    public static async Task<string> RunAsync(params IEnumerable<string> args)
    {
        await using var child = await StartAsync(args);
        await child._process.WaitForExitAsync();
        return child.FirstLine;
    }

    /// <summary>Its input ends, and so does it.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
