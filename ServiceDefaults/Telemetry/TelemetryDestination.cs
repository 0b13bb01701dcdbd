using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Orrery.ServiceDefaults;

/// <summary>One receiver of telemetry. Says in the log when it is away and when it is back, once each; exporting itself never waits for it.</summary>
internal sealed partial class TelemetryDestination(string name, Uri url, TimeProvider time)
{
    /// <summary>A receiver that fails and recovers all the time is not worth more lines than this.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly string _address = url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
    private readonly HashSet<string> _refused = [];
    private readonly Lock _lock = new();
    private ILogger? _logger;
    private DateTimeOffset? _saidAt;
    private bool _isSaid;

    /// <summary>From here on: exporters exist before the log does.</summary>
    public void SayTo(ILogger logger) => _logger = logger;

    /// <summary>What a service breaks off when it ends is no news.</summary>
    public void SayNothingMore() => _logger = null;

    /// <summary>No answer at all: no signal gets through.</summary>
    public void Unreachable(string path, string reason)
    {
        lock (_lock)
        {
            SayAway_NeedsLock(path, reason);
        }
    }

    /// <summary>An answer that is a refusal: traces may be taken where metrics are not.</summary>
    public void Refused(string path, string reason)
    {
        lock (_lock)
        {
            _refused.Add(path);
            SayAway_NeedsLock(path, reason);
        }
    }

    public void Delivered(string path)
    {
        lock (_lock)
        {
            _refused.Remove(path);
            if (_refused.Count == 0 && _isSaid)
            {
                _isSaid = false;
                Say(logger => Log.Back(logger, name, _address));
            }
        }
    }

    private void SayAway_NeedsLock(string path, string reason)
    {
        if (_logger is not null && !_isSaid && (_saidAt is not { } before || time.GetUtcNow() - before >= Quiet))
        {
            _isSaid = true;
            _saidAt = time.GetUtcNow();
            Say(logger => Log.Away(logger, name, _address, path, reason));
        }
    }

    // Exporters run with telemetry suppressed; these lines are for the other destination too.
    private void Say(Action<ILogger> log)
    {
        if (_logger is { } logger)
        {
            using (SuppressInstrumentationScope.Begin(false))
            {
                log(logger);
            }
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
