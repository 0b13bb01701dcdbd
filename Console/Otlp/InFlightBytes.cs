namespace Orrery.WebConsole.Otlp;

/// <summary>Too much is coming at once; the same may be taken a moment later.</summary>
internal sealed class TooMuchInFlightException : Exception;

/// <summary>One bound on what all requests hold in memory together.</summary>
internal sealed class InFlightBytes(long limit)
{
    private long _held;

    public long Held => Interlocked.Read(ref _held);

    /// <exception cref="TooMuchInFlightException">They would hold too much.</exception>
    public void Take(int bytes)
    {
        if (Interlocked.Add(ref _held, bytes) > limit)
        {
            GiveBack(bytes);
            throw new TooMuchInFlightException();
        }
    }

    public void GiveBack(int bytes) => Interlocked.Add(ref _held, -bytes);
}
