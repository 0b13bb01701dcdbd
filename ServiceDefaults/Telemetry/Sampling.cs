using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Orrery.ServiceDefaults;

/// <summary>Which traces are recorded: in development all; in production as the caller decided, and so many of the new ones as <c>Telemetry:SampleRatio</c> says.</summary>
/// <param name="ratio">0 to 1; <c>null</c>: the SDK's own sampler, set by <c>OTEL_TRACES_SAMPLER</c>, decides.</param>
/// <param name="followsCaller">Whether a caller's decision is kept to.</param>
/// <param name="dice">Draws.</param>
internal sealed class Sampling(double? ratio, bool followsCaller, Dice dice)
{
    private const int Sides = 1_000_000;

    /// <summary>Whether a request with this parent is recorded; drawn, where it has none.</summary>
    public bool Records(ActivityContext parent) =>
        ratio is not { } share
        || (followsCaller && parent != default ? parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) : share >= 1 || dice.Next(Sides) < share * Sides);

    /// <summary>The same for the SDK, which is asked only of what <see cref="Records"/> let pass, and of spans without a request.</summary>
    public Sampler? ForSdk() =>
        ratio is not { } share ? null
        : followsCaller ? new ParentBasedSampler(new Roots(share))
        : new AlwaysOnSampler();

    private sealed class Roots(double share) : Sampler
    {
        private readonly TraceIdRatioBasedSampler _others = new(share);

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            samplingParameters.Kind == ActivityKind.Server ? new SamplingResult(SamplingDecision.RecordAndSample) : _others.ShouldSample(samplingParameters);
    }
}
