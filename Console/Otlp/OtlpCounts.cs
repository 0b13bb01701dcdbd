namespace Orrery.WebConsole.Otlp;

internal enum OtlpSignal
{
    Traces,
    Metrics,
    Logs,
}

/// <param name="Accepted">Spans, data points or log entries that were taken.</param>
/// <param name="Lost">Those that could not be kept, which their senders were told.</param>
/// <param name="Refused">Requests turned away: too large, too many at once, without the key.</param>
/// <param name="Malformed">Requests that were no OTLP.</param>
internal readonly record struct SignalCounts(long Accepted, long Lost, long Refused, long Malformed);

/// <summary>What came, for people to see.</summary>
internal sealed class OtlpCounts
{
    private readonly Lock _lock = new();
    private readonly SignalCounts[] _counts = new SignalCounts[3];

    public SignalCounts this[OtlpSignal signal]
    {
        get
        {
            lock (_lock)
            {
                return _counts[(int)signal];
            }
        }
    }

    public void Accept(OtlpSignal signal, int items, int lost) => Change(signal, one => one with { Accepted = one.Accepted + items, Lost = one.Lost + lost });

    public void Refuse(OtlpSignal signal) => Change(signal, one => one with { Refused = one.Refused + 1 });

    public void Mark(OtlpSignal signal) => Change(signal, one => one with { Malformed = one.Malformed + 1 });

    private void Change(OtlpSignal signal, Func<SignalCounts, SignalCounts> change)
    {
        lock (_lock)
        {
            _counts[(int)signal] = change(_counts[(int)signal]);
        }
    }
}
