using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

public sealed class RateLimitHeadersTests
{
    /// <remarks>OpenAI's spelling, as its clients read it.</remarks>
    [Theory]
    [InlineData(-5, "0ms")]
    [InlineData(0, "0ms")]
    [InlineData(17, "17ms")]
    [InlineData(1_000, "1s")]
    [InlineData(1_050, "1.05s")]
    [InlineData(1_500, "1.5s")]
    [InlineData(59_999, "59.999s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(360_001, "6m0.001s")]
    [InlineData(3_600_000, "1h0m0s")]
    [InlineData(90_061_120, "25h1m1.12s")]
    [InlineData(long.MaxValue, "2562047788015h12m55.807s")]
    public void A_duration_is_written_as_OpenAI_writes_it(long ms, string text) => Assert.Equal(text, RateLimitHeaders.Duration(ms));
}
