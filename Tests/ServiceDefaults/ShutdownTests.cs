using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.ServiceDefaults;

public sealed class ShutdownTests
{
    [Fact]
    public async Task A_service_that_is_told_to_end_serves_on_for_the_delay_and_no_longer()
    {
        const int Delay = 3;
        await using var app = Service(("Shutdown:DelaySeconds", $"{Delay}"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };
        var watch = Stopwatch.StartNew();

        var stopping = app.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", TestContext.Current.CancellationToken)).StatusCode);
        Assert.False(stopping.IsCompleted);

        await stopping;
        Assert.InRange(watch.Elapsed.TotalSeconds, Delay - 0.1, Delay + 20);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("0", "30", 30)]
    [InlineData("5", "300", 305)]
    public async Task The_time_to_end_is_delay_and_timeout(string delay, string timeout, int expected)
    {
        await using var app = Service(("Shutdown:DelaySeconds", delay), ("shutdownTimeoutSeconds", timeout));

        Assert.Equal(TimeSpan.FromSeconds(expected), app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    [Theory]
    [InlineData("Shutdown:DelaySeconds", "soon")]
    [InlineData("Shutdown:DelaySeconds", "-1")]
    [InlineData("shutdownTimeoutSeconds", "1.5")]
    [InlineData("shutdownTimeoutSeconds", "3601")]
    public void What_is_no_number_of_seconds_is_named(string key, string value)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Service((key, value)));

        Assert.Equal($"{key} is '{value}'; expected whole seconds from 0 to 3600.", error.Message);
    }

    private static WebApplication Service(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(one => one.Key, one => (string?)one.Value));
        builder.Services.AddSingleton(TimeProvider.System);
        Shutdown.Add(builder);
        var app = builder.Build();
        app.MapGet("/", () => "here");
        return app;
    }
}
