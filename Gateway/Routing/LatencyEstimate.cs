namespace Orrery.Gateway.Routing;

/// <summary>
/// How long an endpoint takes to answer: jumps to what is slower at once and forgets it with time (peak EWMA, as in Finagle's
/// PeakEwma). What nobody measures falls to nothing, so that an endpoint that was slow once is tried again.
/// </summary>
internal sealed class LatencyEstimate(TimeProvider time)
{
    /// <summary>The time in which an estimate falls to 1/e.</summary>
    private static readonly TimeSpan Decay = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long _timestamp;
    private double _seconds;

    /// <summary>Seconds; 0 when nothing was measured yet.</summary>
    public double Read(long now) => Volatile.Read(ref _seconds) * WeightOf(Volatile.Read(ref _timestamp), now);

    /// <param name="isFailure">A failure that came fast makes nothing look faster.</param>
    public void Observe(TimeSpan latency, bool isFailure)
    {
        var sample = latency.TotalSeconds;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var weight = WeightOf(_timestamp, now);
            var held = _seconds * weight;
            if (isFailure && sample <= held)
            {
                return;
            }

            var next = sample > held ? sample : held + (sample * (1 - weight));
            Volatile.Write(ref _seconds, next);
            Volatile.Write(ref _timestamp, now);
        }
    }

    private double WeightOf(long since, long now) => now <= since ? 1 : Math.Exp(-time.GetElapsedTime(since, now) / Decay);
}
