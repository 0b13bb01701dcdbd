using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orrery.Simulator;

namespace Orrery.Tests.Simulator;

/// <summary>A simulator on real Kestrel at a free port of the loopback address. Its engines are instant unless a setting says otherwise.</summary>
internal sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatorServer(WebApplication app)
    {
        _app = app;
        Url = new Uri(app.Urls.Single());
        Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Url { get; }

    public HttpClient Client { get; }

    /// <param name="settings">Keys below <c>Simulator</c>, such as <c>("Models:0:Id", "m")</c>.</param>
    /// <param name="time">Null: the system's clock.</param>
    /// <param name="environment">Development obeys X-Orrery-Fault.</param>
    /// <param name="url">Null: a free port.</param>
    public static async Task<SimulatorServer> StartAsync(
        IReadOnlyList<(string Key, string Value)>? settings = null, TimeProvider? time = null, string environment = "Development", Uri? url = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls(url?.ToString() ?? "http://127.0.0.1:0");
        (string Key, string Value)[] instant =
        [
            ("Models:0:Id", "chat"), ("Models:0:Profile", "instant"), ("Models:0:Type", "multimodal"),
            ("Models:1:Id", "embed"), ("Models:1:Profile", "instant"), ("Models:1:Type", "embedding"), ("Models:1:Dimensions", "64"),
        ];
        builder.Configuration.AddInMemoryCollection([.. instant.Concat(settings ?? [])
            .GroupBy(setting => setting.Key)
            .Select(group => KeyValuePair.Create($"Simulator:{group.Key}", (string?)group.Last().Value))]);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.AddSimulator();
        var app = builder.Build();
        app.MapSimulator();
        await app.StartAsync();
        return new SimulatorServer(app);
    }

    /// <summary>Posts a JSON text.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, string body, string? fault = null, bool waitsForBody = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (fault is not null)
        {
            request.Headers.Add("X-Orrery-Fault", fault);
        }

        return await Client.SendAsync(request, waitsForBody ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Posts a JSON text and reads the JSON answer, whatever its status.</summary>
    public async Task<JsonElement> JsonAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    public Task<JsonElement> GetAsync(string path) => Client.GetFromJsonAsync<JsonElement>(path);

    /// <summary>Posts a JSON text and reads the events of the answer, without <c>data: </c>.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync(string path, string body, string? fault = null)
    {
        using var response = await PostAsync(path, body, fault);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return [.. (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["data: ".Length..])];
    }

    /// <summary>The chunks of a stream that ends as it should.</summary>
    public async Task<IReadOnlyList<JsonElement>> ChunksAsync(string path, string body)
    {
        var events = await EventsAsync(path, body);
        Assert.Equal("[DONE]", events[^1]);
        return [.. events.SkipLast(1).Select(text => JsonDocument.Parse(text).RootElement)];
    }

    /// <summary>Ends the server as SIGTERM does: running requests may finish.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
