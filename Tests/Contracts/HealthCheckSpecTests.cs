using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class HealthCheckSpecTests
{
    [Fact]
    public void What_is_left_out_follows_from_the_rest()
    {
        var spec = new HealthCheckSpec();
        Assert.Equal(("/health", TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), 3), (spec.EffectivePath, spec.EffectiveInterval, spec.EffectiveTimeout, spec.EffectiveFailureThreshold));
        Assert.Equal(TimeSpan.FromSeconds(2), new HealthCheckSpec { IntervalSeconds = 2 }.EffectiveTimeout);
        Assert.Equal(TimeSpan.FromSeconds(90), new HealthCheckSpec { Interval = new Duration(TimeSpan.FromSeconds(90)) }.EffectiveInterval);
    }

    [Theory]
    [InlineData("self_hosted", null, null, true)]
    [InlineData("openai", null, null, false)]
    [InlineData("openai", true, null, true)]
    [InlineData("openai", true, false, false)]
    [InlineData("self_hosted", true, false, false)]
    public void Own_servers_are_checked_and_others_when_somebody_asks(string provider, bool? isGiven, bool? enabled, bool expected) =>
        Assert.Equal(expected, HealthCheckSpec.IsEnabled(isGiven is null ? null : new HealthCheckSpec { Enabled = enabled }, provider));
}
