using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway;
using Orrery.Tests.Catalogue;
using Orrery.Tests.Simulator;

namespace Orrery.Tests.Builder;

/// <summary>A real Catalogue, Builder, Gateway and Simulator on a real database: what is declared here is deployed, and answers.</summary>
internal sealed class BuilderWorld : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
    private BuilderReplica? _builder;

    public string Database { get; private set; } = "";

    public CatalogueReplica Catalogue { get; private set; } = null!;

    public SimulatorServer Simulator { get; private set; } = null!;

    public HttpClient Gateway { get; private set; } = null!;

    public Uri Builder => _builder!.Url;

    /// <param name="startsBuilder">Otherwise the test runs Builders of its own.</param>
    /// <param name="catalogue">What the Catalogue is started with, beside the usual.</param>
    public static async Task<BuilderWorld> StartAsync(PostgresServer postgres, bool startsBuilder = true, string[]? catalogue = null, params string[] settings)
    {
        var world = new BuilderWorld { Database = await postgres.CreateDatabaseAsync() };
        world.Simulator = world.Own(await SimulatorServer.StartAsync());
        world.Catalogue = world.Own(await CatalogueReplica.StartAsync(world.Database, catalogue ?? []));
        await world.StartGatewayAsync();
        if (startsBuilder)
        {
            await world.StartBuilderAsync(settings);
        }

        return world;
    }

    public async Task StartBuilderAsync(params string[] settings)
    {
        _builder = await BuilderReplica.StartAsync(Database, Catalogue.Http.BaseAddress!, Settings(settings));
        Catalogue.Services.GetRequiredService<IConfiguration>()["services:builder:http:0"] = _builder.Url.ToString();
    }

    public async Task StopBuilderAsync()
    {
        if (_builder is not null)
        {
            await _builder.DisposeAsync();
            _builder = null;
        }
    }

    /// <summary>What a Builder of this world is started with, beside the usual; there is one at a time, and the next need not wait for it.</summary>
    public string[] Settings(params string[] settings) =>
        ["Builder:Settling=00:00:00", "Builder:Target=simulated", $"Builder:Simulated:Endpoint={Simulator.Url}", "Builder:Simulated:Profile=instant", .. settings];

    public Task<Answer> Apply(string documents) => Catalogue.Apply(documents);

    public async Task<JsonNode?> StatusOf(string name) =>
        await Catalogue.Get($"{CatalogueReplica.Root}/modeldeployments/{name}") is { Status: HttpStatusCode.OK } answer ? answer.Json["status"] : null;

    /// <summary>Waits until a deployment's status is as it should be.</summary>
    public Task<JsonNode?> Status(string name, Func<JsonNode, bool> holds, TimeSpan? within = null) =>
        Eventually.Holds(() => StatusOf(name), status => status is not null && holds(status), within ?? TimeSpan.FromSeconds(60));

    public Task<JsonNode?> Running(string name, int ready = 1) => Status(name, status => (string?)status["phase"] == "running" && (int?)status["replicas"]?["ready"] == ready);

    public async Task<IReadOnlyList<JsonNode>> Events(string name) =>
        [.. (await Catalogue.Get($"/deployments/{name}/events?limit=1000")).ExpectOk().Json["data"]!.AsArray().Select(told => told!)];

    /// <summary>Asks the model through the gateway, as an application does.</summary>
    public async Task<(HttpStatusCode Status, string Text)> Ask(string model, string prompt = "Hello")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                new JsonObject { ["model"] = model, ["max_tokens"] = 8, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt }) }.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", CatalogueReplica.FirstKey);
        using var response = await Gateway.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The endpoints that the gateway is told of.</summary>
    public async Task<IReadOnlyList<string>> Endpoints(string name) =>
        await Catalogue.Get($"{CatalogueReplica.Root}/modelproviders/{name}") is { Status: HttpStatusCode.OK } answer
            ? [.. (answer.Json["spec"]!["endpoints"]?.AsArray() ?? []).Select(endpoint => (string)endpoint!["url"]!)]
            : [];

    /// <summary>Names of the replicas that the simulator runs for deployments.</summary>
    public async Task<IReadOnlyList<string>> SimulatedReplicas() =>
        [.. (await Simulator.GetAsync("/simulator/state")).GetProperty("replicas").EnumerateArray().Select(replica => replica.GetProperty("name").GetString()!).Where(name => name.Length > 0)];

    public async ValueTask DisposeAsync()
    {
        await StopBuilderAsync();
        Gateway.Dispose();
        foreach (var part in _parts.AsEnumerable().Reverse())
        {
            await part.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task StartGatewayAsync()
    {
        var app = GatewayHost.Build(
            "--urls=http://127.0.0.1:0", $"--services:catalogue:http:0={Catalogue.Http.BaseAddress}", $"--Internal:Key={CatalogueReplica.InternalKey}", $"--Secrets:Key={CatalogueReplica.SecretsKey}",
            $"--Gateway:DataDirectory={_directory}", "--Gateway:Egress:AllowLoopback=true", "--Logging:LogLevel:Default=Warning", "--Logging:Console:LogLevel:Default=None");
        await app.StartAsync();
        _parts.Add(app);
        Gateway = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(app.Urls.First()) };
        await Eventually.Holds(async () => (await Gateway.GetAsync("/health/ready")).StatusCode, status => status == HttpStatusCode.OK);
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
