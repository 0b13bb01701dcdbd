using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.ServiceDefaults;

public sealed class GenAiNamesTests
{
    [Theory]
    [InlineData(null, "v1.41", false)]
    [InlineData("", "v1.41", false)]
    [InlineData("v1.41", "v1.41", false)]
    [InlineData("latest", "latest", true)]
    public void A_setting_picks_the_generation(string? setting, string generation, bool byDirection)
    {
        var names = Services(setting).GetRequiredService<GenAiNames>();

        Assert.Equal(generation, names.Generation);
        Assert.Equal(byDirection, names.TokensByDirection);
        Assert.Equal(byDirection, names.TokenUsage is null);
        Assert.Equal(byDirection, names.Tokens is not null);
    }

    [Fact]
    public void An_unknown_generation_stops_the_start_and_is_named()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Services("1.41"));

        Assert.Equal("Telemetry:GenAiConventions is '1.41'; expected v1.41 or latest.", error.Message);
    }

    private static IServiceProvider Services(string? setting)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new("Telemetry:GenAiConventions", setting)]);
        builder.AddServiceDefaults();
        return builder.Services.BuildServiceProvider();
    }
}
