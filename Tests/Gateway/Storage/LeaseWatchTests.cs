using Orrery.Gateway.Storage;

namespace Orrery.Tests.Gateway.Storage;

/// <summary>After how long a lease that has ended says that its owner is gone: a lease and two seconds in which the database has answered all the time.</summary>
public sealed class LeaseWatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly LeaseWatch _watch = new(TimeSpan.FromSeconds(15));

    [Fact]
    public void Who_has_just_come_waits_for_a_lease()
    {
        Assert.False(HeardEvery(5, from: 0, to: 15));
        Assert.True(Hear(20));
        Assert.True(Hear(30));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(11)]
    [InlineData(-3)]
    public void After_an_outage_owners_come_first(int silence)
    {
        Assert.True(HeardEvery(5, from: 0, to: 20));
        var back = 20 + silence;
        Assert.False(Hear(back));
        Assert.False(HeardEvery(5, back + 5, back + 15));
        Assert.True(Hear(back + 17));
    }

    private bool HeardEvery(int seconds, int from, int to)
    {
        var may = false;
        for (var at = from; at <= to; at += seconds)
        {
            may = Hear(at);
        }

        return may;
    }

    private bool Hear(int seconds) => _watch.Hear(Start.AddSeconds(seconds));
}
