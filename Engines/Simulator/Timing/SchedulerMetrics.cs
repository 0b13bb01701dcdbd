namespace Orrery.Simulator.Timing;

/// <summary>What an engine has done since its start. Written under the scheduler's lock; read as a copy.</summary>
internal sealed record SchedulerMetrics
{
    public long PromptTokens { get; set; }

    public long GenerationTokens { get; set; }

    /// <summary>Prompt tokens looked up in the prefix cache, and those found there.</summary>
    public long PrefixQueries { get; set; }

    public long PrefixHits { get; set; }

    public long Preemptions { get; set; }

    public long Stopped { get; set; }

    public long EndedByLength { get; set; }

    public long Aborted { get; set; }

    public Histogram TimeToFirstToken { get; private init; } = new(
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560);

    public Histogram InterToken { get; private init; } = new(
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80);

    public Histogram EndToEnd { get; private init; } = new(
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680);

    public SchedulerMetrics Copy() => this with
    {
        TimeToFirstToken = TimeToFirstToken.Copy(),
        InterToken = InterToken.Copy(),
        EndToEnd = EndToEnd.Copy(),
    };
}

/// <summary>A Prometheus histogram; buckets in seconds, not cumulated.</summary>
internal sealed class Histogram(params double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];

    public ReadOnlySpan<double> Bounds => bounds;

    public ReadOnlySpan<long> Counts => _counts;

    public double Sum { get; private set; }

    public void Observe(TimeSpan value)
    {
        var index = Array.BinarySearch(bounds, value.TotalSeconds);
        _counts[index < 0 ? ~index : index]++;
        Sum += value.TotalSeconds;
    }

    public Histogram Copy()
    {
        var copy = new Histogram(bounds) { Sum = Sum };
        _counts.CopyTo(copy._counts, 0);
        return copy;
    }
}
