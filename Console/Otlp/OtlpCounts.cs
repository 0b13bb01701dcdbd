namespace Orrery.WebConsole.Otlp;

/// <summary>What came, for people to see: requests, not items.</summary>
internal sealed class OtlpCounts
{
    private long _accepted;
    private long _refused;
    private long _malformed;

    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Asked to come again, because too much was coming at once.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public long Malformed => Volatile.Read(ref _malformed);

    public void Accept() => Interlocked.Increment(ref _accepted);

    public void Refuse() => Interlocked.Increment(ref _refused);

    public void Mark() => Interlocked.Increment(ref _malformed);
}
