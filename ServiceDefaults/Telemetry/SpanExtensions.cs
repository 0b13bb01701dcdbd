using System.Diagnostics;

namespace Orrery.ServiceDefaults;

public static class SpanExtensions
{
    /// <summary>Exports neither this span nor what is done within it: probes and telemetry itself would bury what people look for.</summary>
    public static void LeaveOut(this Activity span)
    {
        span.IsAllDataRequested = false;
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
