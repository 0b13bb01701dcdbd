using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Ends what earlier hosts of the same state directory left running.</summary>
internal sealed partial class Leftovers(StateDirectory state, Reaper reaper, TimeProvider time, ILogger<Leftovers> logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(Reaper.GraceSeconds + 10);

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(state.Runs))
        {
            return;
        }

        foreach (var run in Directory.GetDirectories(state.Runs).Where(path => !path.EndsWith(".new", StringComparison.Ordinal) && !IsAlive(path, "host")))
        {
            Log.Sweeping(logger, Path.GetFileName(run));
            await ReapedAsync(run, cancellationToken);
            if (Present(run) is { } left)
            {
                await reaper.SweepAsync(left, cancellationToken);
            }
        }
    }

    // Its own reaper may be at work: then it is enough to wait.
    private async Task ReapedAsync(string run, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (Present(run) is { } path && IsAlive(path, "reaper") && time.GetElapsedTime(begun) < Patience)
        {
            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    private static string? Present(string run) => Directory.Exists(run) ? run : Directory.Exists(run + ".closing") ? run + ".closing" : null;

    private static bool IsAlive(string run, string who)
    {
        try
        {
            var parts = File.ReadAllText(Path.Combine(run, who)).Split(' ', '\n');
            return int.TryParse(parts[0], CultureInfo.InvariantCulture, out var id) && parts.Length > 1 && ProcessTable.IsAlive(id, parts[1]);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(111, LogLevel.Information, "An earlier run ({Run}) ended without stopping its resources; ending them now.", EventName = "SweepingLeftovers")]
        public static partial void Sweeping(ILogger logger, string run);
    }
}
