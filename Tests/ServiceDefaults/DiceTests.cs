using Orrery.ServiceDefaults;

namespace Orrery.Tests.ServiceDefaults;

public sealed class DiceTests
{
    [Fact]
    public void A_uuid_has_its_version_its_variant_and_its_time()
    {
        var at = new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero);
        var dice = new Dice(1);
        for (var i = 0; i < 1_000; i++)
        {
            var uuid = dice.NextUuid(at);
            Assert.Equal(7, uuid.Version);
            Assert.InRange(uuid.Variant, 8, 11);
            Assert.StartsWith($"{at.ToUnixTimeMilliseconds():x12}", uuid.ToString("N"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_two_are_alike_whoever_asks_at_the_same_time()
    {
        var at = TimeProvider.System.GetUtcNow();
        var dice = new Dice(2);
        var drawn = new Guid[8][];
        Parallel.For(0, drawn.Length, thread => drawn[thread] = [.. Enumerable.Range(0, 20_000).Select(_ => dice.NextUuid(at))]);
        Assert.Equal(160_000, drawn.SelectMany(some => some).Distinct().Count());
    }

    [Fact]
    public void Draws_are_spread_evenly_and_stay_in_bounds()
    {
        var dice = new Dice(3);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[dice.Next(7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
    }
}
