using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>What vendors say of the end of a limit, in the forms that their references and clients' issues show.</summary>
public sealed class RateLimitResetTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("x-ratelimit-reset-requests: 1s", 1.0)]
    [InlineData("x-ratelimit-reset-tokens: 6m0s", 360.0)]
    [InlineData("x-ratelimit-reset-tokens: 7.66s", 7.66)]
    [InlineData("x-ratelimit-reset-requests: 2m59.56s", 179.56)]
    [InlineData("x-ratelimit-reset-requests: 20ms", 0.02)]
    [InlineData("x-ratelimit-reset-requests: 17h23m11s", 62591.0)]
    [InlineData("x-ratelimit-reset-tokens: 60", 60.0)]
    [InlineData("x-ratelimit-reset: 1793534405000", 5.0)]
    [InlineData("x-ratelimit-reset: 1793534405", 5.0)]
    [InlineData("ratelimit-reset: 30", 30.0)]
    [InlineData("retry-after-ms: 1500", 1.5)]
    [InlineData("anthropic-ratelimit-tokens-reset: 2026-11-01T12:00:09Z", 9.0)]
    [InlineData("x-ratelimit-reset-requests: 1s;x-ratelimit-reset-tokens: 6m0s", 1.0)]
    [InlineData("x-ratelimit-reset-requests: 1s;x-ratelimit-reset-tokens: 6m0s;x-ratelimit-remaining-tokens: 0", 360.0)]
    [InlineData("x-ratelimit-reset-requests: 9s;x-ratelimit-remaining-requests: 0;x-ratelimit-reset-tokens: 6m0s;x-ratelimit-remaining-tokens: 150", 9.0)]
    [InlineData("x-ratelimit-reset-tokens: 0;x-ratelimit-remaining-tokens: -1", null)]
    [InlineData("anthropic-ratelimit-requests-reset: 1970-01-01T00:00:00Z", null)]
    [InlineData("x-ratelimit-reset-requests: soon", null)]
    [InlineData("x-ratelimit-reset-requests: 1x", null)]
    [InlineData("x-ratelimit-reset-requests: -5s", null)]
    [InlineData("x-ratelimit-reset: 1e300", null)]
    [InlineData("x-ratelimit-reset: 99999999999999999", null)]
    [InlineData("retry-after-ms: 999999999999", null)]
    [InlineData("x-other: 1", null)]
    public void A_vendors_header_is_read(string lines, double? seconds)
    {
        using var response = new HttpResponseMessage();
        foreach (var line in lines.Split(';'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            Assert.True(response.Headers.TryAddWithoutValidation(line[..colon], line[(colon + 1)..].Trim()));
        }

        Assert.Equal(seconds, RateLimitReset.Of(response.Headers, Now)?.TotalSeconds is { } total ? Math.Round(total, 3) : null);
    }
}
