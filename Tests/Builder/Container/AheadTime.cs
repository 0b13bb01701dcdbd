namespace Orrery.Tests.Builder.Container;

/// <summary>The system's clock, as far ahead as a test wants; timers run as ever.</summary>
internal sealed class AheadTime : TimeProvider
{
    private long _ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    /// <summary>As far ahead as this and no further, whatever was before.</summary>
    public void SetAhead(TimeSpan ahead) => Interlocked.Exchange(ref _ahead, ahead.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
}
