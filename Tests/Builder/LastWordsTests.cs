using Orrery.Builder.Reconciling;
using Orrery.Builder.Targets;

namespace Orrery.Tests.Builder;

/// <summary>What is kept of a log is bounded, and has no secrets.</summary>
public sealed class LastWordsTests
{
    [Fact]
    public void The_end_is_kept_with_its_times_in_order()
    {
        var lines = Enumerable.Range(0, 500).Select(number => new LogLine(DateTimeOffset.UnixEpoch.AddSeconds(number), $"line {number}")).ToList();
        var kept = LastWords.Written(lines, []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(200, kept.Length);
        Assert.Equal("1970-01-01T00:05:00.0000000+00:00 line 300", kept[0]);
        Assert.EndsWith("line 499", kept[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void No_more_is_kept_than_64_KiB_and_nothing_that_the_database_refuses()
    {
        var lines = Enumerable.Range(0, 100).Select(number => new LogLine(null, $"{number}\0 " + new string('x', 100_000))).ToList();
        var kept = LastWords.Written(lines, []);
        Assert.InRange(kept.Length, 32 * 1024, 64 * 1024);
        Assert.DoesNotContain("\0", kept, StringComparison.Ordinal);
        Assert.StartsWith("99 xxx", kept.Split('\n')[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_masked_by_their_looks_and_by_their_values()
    {
        Assert.Equal("login … with password: … ok\n", LastWords.Written([new LogLine(null, "login s3same-open with password: swordfish ok")], ["s3same-open", "on"]));
        Assert.Equal("… and …\n", LastWords.Written([new LogLine(null, "-----KEY----- and c2VjcmV0")], ["-----KEY-----\nc2VjcmV0\n"]));
    }
}
