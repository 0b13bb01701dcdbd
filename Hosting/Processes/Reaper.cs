using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>A process of its own that ends the run's children when the host has ended, however that happened: it holds a pipe from the host.</summary>
/// <remarks>
/// Not PR_SET_PDEATHSIG: that follows the thread that forked, and threads of the pool end. What it does is in <c>reaper.sh</c>, so that it
/// takes a few hundred kilobytes and needs nothing of .NET.
/// </remarks>
internal sealed partial class Reaper(TimeProvider time, ILogger<Reaper> logger) : IAsyncDisposable
{
    public const int GraceSeconds = 5;

    private Process? _process;
    private Task? _watch;
    private volatile bool _closing;

    public static string Script { get; } = ReadScript();

    public void Start(RunDirectory run)
    {
        _process = Launch(run.Path);
        _watch = WatchAsync(run);
    }

    /// <summary>Ends a run whose host is gone, and returns when that is done.</summary>
    public async Task SweepAsync(string runPath, CancellationToken cancellationToken)
    {
        using var process = Launch(runPath);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Closes the pipe and waits until the reaper has removed the run.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is null || _closing)
        {
            return;
        }

        _closing = true;
        _process.StandardInput.Close();
        await Task.WhenAny(_watch!, Task.Delay(TimeSpan.FromSeconds(GraceSeconds + 10), time, CancellationToken.None));
        _process.Dispose();
    }

    private async Task WatchAsync(RunDirectory run)
    {
        while (true)
        {
            await _process!.WaitForExitAsync();
            if (_closing)
            {
                return;
            }

            Log.Lost(logger);
            _process.Dispose();
            _process = Launch(run.Path);
        }
    }

    private static Process Launch(string runPath)
    {
        var script = Path.Combine(runPath, "reaper.sh");
        File.WriteAllText(script, Script);
        var grace = GraceSeconds.ToString(CultureInfo.InvariantCulture);
        return Process.Start(new ProcessStartInfo("setsid", ["/bin/sh", "-c", """exec /bin/sh "$@" >/dev/null 2>&1""", "reaper", script, runPath, grace])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        }) ?? throw new UnreachableException();
    }

    private static string ReadScript()
    {
        using var stream = typeof(Reaper).Assembly.GetManifestResourceStream("reaper.sh") ?? throw new UnreachableException();
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Warning, "The reaper process was killed; started another.", EventName = "ReaperLost")]
        public static partial void Lost(ILogger logger);
    }
}
