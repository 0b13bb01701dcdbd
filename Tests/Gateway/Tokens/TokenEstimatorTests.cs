using System.Text;
using System.Text.RegularExpressions;
using Orrery.Gateway.Tokens;

namespace Orrery.Tests.Gateway.Tokens;

public sealed partial class TokenEstimatorTests
{
    public static TheoryData<string> Families => [.. Enum.GetNames<TokenFamily>()];

    [Fact]
    public void TheScriptKnowsTheSameFamiliesInTheSameOrder() => Assert.Equal(Enum.GetValues<TokenFamily>(), TokenVectors.Families);

    [Fact]
    public void EveryFeatureHasItsWeights() => Assert.Equal(TokenWeights.Features, Enum.GetValues<TextFeature>().Length);

    [Theory, MemberData(nameof(Families))]
    public void EstimatesWhatTheScriptEstimates(string family)
    {
        var of = Enum.Parse<TokenFamily>(family);
        Assert.All(TokenVectors.Texts.Concat(TokenVectors.Oddities), vector =>
        {
            var count = TokenEstimator.OfText(vector.Bytes, of);
            Assert.Equal((vector.Likely(of), vector.Upper(of)), (count.Likely, count.Upper));
        });
    }

    [Theory, MemberData(nameof(Families))]
    public void StaysWithinTheStatedBounds(string family)
    {
        var of = Enum.Parse<TokenFamily>(family);
        var (p95, worst) = TokenVectors.Bound(of);
        var errors = TokenVectors.Texts.Where(vector => vector.IsText)
            .Select(vector => Math.Abs(((double)TokenEstimator.OfText(vector.Bytes, of).Likely / vector.Count(of)) - 1))
            .Order()
            .ToArray();

        Assert.InRange(errors.Length, 20, int.MaxValue);
        Assert.InRange(errors[^1], 0, worst);
        Assert.InRange(errors[(int)(errors.Length * 0.9) - 1], 0, p95);
    }

    [Theory, MemberData(nameof(Families))]
    public void NoTextIsAboveItsUpperBoundAndNothingAtAllAboveTheMost(string family)
    {
        var of = Enum.Parse<TokenFamily>(family);
        Assert.All(TokenVectors.Texts, vector =>
        {
            var count = TokenEstimator.OfText(vector.Bytes, of);
            Assert.InRange(count.Likely, 1, count.Upper);
            Assert.InRange(count.Upper, 1, count.Most);
            Assert.InRange(vector.Count(of), 1, vector.IsBounded ? count.Upper : count.Most);
        });
    }

    [Theory, MemberData(nameof(Families))]
    public void ATextThatGrowsNeverCostsLess(string family)
    {
        var of = Enum.Parse<TokenFamily>(family);
        foreach (var vector in TokenVectors.Texts.Where(vector => vector.Bytes.Length < 3000))
        {
            var before = default(TokenCount);
            for (var end = 0; end <= vector.Bytes.Length; end++)
            {
                if (end < vector.Bytes.Length && (vector.Bytes[end] & 0xC0) == 0x80)
                {
                    continue;
                }

                var count = TokenEstimator.OfText(vector.Bytes.AsSpan(0, end), of);
                Assert.True(count.Likely >= before.Likely && count.Upper >= before.Upper && count.Most >= before.Most, $"{vector.Kind}, {end} bytes: {before} and then {count}");
                before = count;
            }
        }
    }

    [Fact]
    public void AnythingIsEstimatedAndNeverAboveWhatItsBytesAllow()
    {
        var random = new Random(20261121);
        var bytes = new byte[2048];
        for (var round = 0; round < 2000; round++)
        {
            var text = bytes.AsSpan(0, random.Next(bytes.Length));
            random.NextBytes(text);
            var count = TokenEstimator.OfText(text, TokenFamily.Unknown);

            Assert.InRange(count.Likely, text.IsEmpty ? 0 : 1, count.Upper);
            Assert.InRange(count.Upper, count.Likely, count.Most);
            Assert.InRange(count.Most, 0, (3L * text.Length) + 1);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("\u4e2d")]
    [InlineData("the ")]
    [InlineData("\u00e9 ")]
    [InlineData("7")]
    public void TimeGrowsAsTheTextDoes(string unit)
    {
        var small = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, 10_000)));
        var large = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, 320_000)));

        LinearTime.Assert(() => TokenEstimator.OfText(small, TokenFamily.Unknown), () => TokenEstimator.OfText(large, TokenFamily.Unknown), times: 32);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        var text = TokenVectors.Texts[0].Bytes;
        TokenEstimator.OfText(text, TokenFamily.Qwen);
        var before = GC.GetAllocatedBytesForCurrentThread();

        TokenEstimator.OfText(text, TokenFamily.Qwen);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void TheDocumentSaysTheMeasuredBounds()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tokens.md"));
        var stated = Row().Matches(document).ToDictionary(row => row.Groups["family"].Value, row => (double.Parse(row.Groups["p95"].Value) / 100, double.Parse(row.Groups["worst"].Value) / 100));

        Assert.All(TokenVectors.Families, family => Assert.Equal(TokenVectors.Bound(family), stated[family.ToString()]));
    }

    [GeneratedRegex(@"^\| `(?<family>\w+)` \|.*\| (?<p95>\d+) % \| (?<worst>\d+) % \|.*$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
