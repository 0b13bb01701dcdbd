using System.Diagnostics;

namespace Orrery.ServiceDefaults;

public static class SpanExtensions
{
    /// <summary>Adds a tag that the span has not got yet; <c>null</c> adds none. <see cref="Activity.SetTag"/> would look through all the others first.</summary>
    public static void Tell(this Activity span, string name, object? value)
    {
        if (value is not null)
        {
            span.AddTag(name, value);
        }
    }

    /// <summary>Exports neither this span nor what is done within it: probes and telemetry itself would bury what people look for.</summary>
    public static void LeaveOut(this Activity span)
    {
        span.IsAllDataRequested = false;
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
