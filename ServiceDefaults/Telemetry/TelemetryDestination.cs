using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Orrery.ServiceDefaults;

/// <summary>One receiver of telemetry. Says in the log when it is away and when it is back, once each; exporting itself never waits for it.</summary>
internal sealed partial class TelemetryDestination(string name, Uri url, TimeProvider time)
{
    /// <summary>A receiver that fails and recovers all the time is not worth more lines than this.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly string _address = url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
    private readonly HashSet<string> _failing = [];
    private readonly Lock _lock = new();
    private ILogger? _logger;
    private long? _saidAt;
    private bool _isSaid;

    /// <summary>From here on: exporters exist before the log does.</summary>
    public void SayTo(ILogger logger) => _logger = logger;

    /// <summary>What a service breaks off when it ends is no news.</summary>
    public void SayNothingMore() => _logger = null;

    /// <param name="path">Of the signal; traces may arrive where metrics do not.</param>
    /// <param name="reason">For the log.</param>
    public void Failed(string path, string reason)
    {
        lock (_lock)
        {
            _failing.Add(path);
            if (_isSaid || _logger is not { } logger || (_saidAt is { } before && time.GetElapsedTime(before) < Quiet))
            {
                return;
            }

            _isSaid = true;
            _saidAt = time.GetTimestamp();
            Say(() => Log.Away(logger, name, _address, path, reason));
        }
    }

    public void Delivered(string path)
    {
        lock (_lock)
        {
            if (!_failing.Remove(path) || _failing.Count > 0 || !_isSaid)
            {
                return;
            }

            _isSaid = false;
            if (_logger is { } logger)
            {
                Say(() => Log.Back(logger, name, _address));
            }
        }
    }

    // Exporters run with telemetry suppressed; these lines are for the other destination too.
    private static void Say(Action log)
    {
        using (SuppressInstrumentationScope.Begin(false))
        {
            log();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Warning, "{Destination} at {Address} takes no telemetry: {Path}: {Reason}. What it misses is dropped; this is said once", EventName = "TelemetryAway")]
        public static partial void Away(ILogger logger, string destination, string address, string path, string reason);

        [LoggerMessage(102, LogLevel.Information, "{Destination} at {Address} takes telemetry again", EventName = "TelemetryBack")]
        public static partial void Back(ILogger logger, string destination, string address);
    }
}
