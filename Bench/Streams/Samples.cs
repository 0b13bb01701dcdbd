using System.Globalization;

namespace Orrery.Bench.Streams;

/// <summary>Times of tokens, kept without allocating.</summary>
internal sealed class Samples(int capacity)
{
    private readonly long[] _transits = new long[capacity];
    private readonly long[] _jitters = new long[capacity];
    private int _jitterCount;

    /// <summary>Whether what is added counts.</summary>
    public volatile bool Take;

    public int Count { get; private set; }

    /// <param name="transit">From the engine to here, nanoseconds.</param>
    /// <param name="jitter">Nanoseconds; none for a stream's first token.</param>
    public void Add(long transit, long? jitter)
    {
        lock (_transits)
        {
            if (!Take || Count == _transits.Length)
            {
                return;
            }

            _transits[Count++] = transit;
            if (jitter is { } gap)
            {
                _jitters[_jitterCount++] = gap;
            }
        }
    }

    /// <summary>Percentiles in microseconds.</summary>
    public string Describe() => $"transit {Describe(_transits.AsSpan(0, Count))} jitter {Describe(_jitters.AsSpan(0, _jitterCount))}";

    private static string Describe(Span<long> times)
    {
        times.Sort();
        var sorted = times.ToArray();
        return string.Join(' ', new[] { 50, 90, 99, 99.9 }.Select(percent => string.Create(CultureInfo.InvariantCulture, $"p{percent}={At(sorted, percent / 100) / 1000:F0}")));
    }

    private static double At(long[] sorted, double share) => sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
}
