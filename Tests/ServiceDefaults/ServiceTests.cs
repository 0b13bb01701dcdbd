using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.ServiceDefaults;
using Orrery.Tests.Telemetry;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>A service that has nothing but the defaults, on a real socket.</summary>
public sealed class ServiceTests : IAsyncLifetime
{
    private const string InternalKey = "an internal key of more than thirty-two characters";
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OtlpReceiver _telemetry = null!;
    private WebApplication _service = null!;
    private HttpClient _client = null!;

    private CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _telemetry = await OtlpReceiver.StartAsync();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Environment.EnvironmentName = "Development";
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Internal:Key"] = InternalKey,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _telemetry.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_SERVICE_NAME"] = "probe",
        });
        builder.AddServiceDefaults();
        _service = builder.Build();
        _service.MapDefaultEndpoints();
        _service.MapGet("/things/{id}", (string id) => id);
        _service.MapGet("/broken/{id}", () => Results.StatusCode(500));
        _service.MapGet("/internal/thing", (HttpContext context) => context.InternalCaller()).RequireInternalCaller();
        _service.MapGet("/slow", async () =>
        {
            _entered.SetResult();
            await _release.Task;
            return "done";
        });
        await _service.StartAsync();
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(_service.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
        await _telemetry.DisposeAsync();
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_is_ok(string path) => Assert.Equal("""{"status":"ok"}""", await _client.GetStringAsync(path, Token));

    [Fact]
    public async Task A_server_span_carries_route_status_and_error_type()
    {
        var mark = $"{Guid.CreateVersion7()}"; // Servers of other tests in this process make spans as well.
        await _client.GetStringAsync($"/things/{mark}", Token);
        using var _ = await _client.GetAsync($"/broken/{mark}", Token);

        var spans = await Eventually.Holds(
            () => Task.FromResult(_telemetry.Spans.Where(span => span.Tags.GetValueOrDefault("url.path")?.EndsWith(mark, StringComparison.Ordinal) is true).ToList()), found => found.Count >= 2);
        var thing = spans.Single(span => span.Name == "GET /things/{id}");
        Assert.Equal("probe", thing.Service);
        Assert.Equal("/things/{id}", thing.Tags["http.route"]);
        Assert.Equal("200", thing.Tags["http.response.status_code"]);
        Assert.Equal("GET", thing.Tags["http.request.method"]);
        var broken = spans.Single(span => span.Name == "GET /broken/{id}");
        Assert.Equal("500", broken.Tags["error.type"]);
    }

    [Fact]
    public async Task An_internal_address_opens_to_a_service_and_to_no_access_key()
    {
        using var withKey = new HttpRequestMessage(HttpMethod.Get, "/internal/thing");
        withKey.Headers.Add("Authorization", "Bearer ork_0123456789012345678901234567890123456789");
        using var refused = await _client.SendAsync(withKey, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("Access keys do not open it.", await refused.Content.ReadAsStringAsync(Token));

        using var signed = new HttpRequestMessage(HttpMethod.Get, "/internal/thing");
        signed.Headers.Add(InternalAuthentication.Header, new InternalTokens(InternalKey, TimeProvider.System).Create("Orrery.Gateway"));
        using var opened = await _client.SendAsync(signed, Token);
        Assert.Equal("Orrery.Gateway", await opened.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task A_stopping_service_finishes_what_it_has_begun()
    {
        var answer = _client.GetStringAsync("/slow", Token);
        await _entered.Task;

        var stopping = _service.StopAsync(Token);
        var lifetime = _service.Services.GetRequiredService<IHostApplicationLifetime>();
        await Eventually.Holds(() => lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.False(stopping.IsCompleted);
        _release.SetResult();

        Assert.Equal("done", await answer);
        await stopping;
    }
}
