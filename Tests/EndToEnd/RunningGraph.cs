using System.Net.Http.Headers;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orrery.Tests.Telemetry;

namespace Orrery.Tests.EndToEnd;

/// <summary>
/// The whole graph as <c>./run</c> starts it (PostgreSQL, Redis, simulator, catalogue, two gateways behind one port), once for
/// all end-to-end tests, on free ports and with data of its own. Telemetry goes to <see cref="Telemetry"/>.
/// </summary>
public sealed class RunningGraph : IAsyncLifetime
{
    /// <summary>The administrator's key of this graph.</summary>
    public const string FirstKey = "ork_0123456789ABCDEFGHIJabcdefghij0123456789";

    public const string ChatModel = "qwen3-8b";
    public const string EmbeddingModel = "bge-m3";

    /// <summary>The two gateways, each by the name of its process.</summary>
    public static readonly IReadOnlyList<string> GatewayInstances = ["gateway-1", "gateway-2"];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);
    private readonly string _state = Directory.CreateTempSubdirectory("orrery-graph-").FullName;

    internal OtlpReceiver Telemetry { get; private set; } = null!;

    public DistributedApplication App { get; private set; } = null!;

    /// <summary>The gateway's public URL, without <c>/v1</c>.</summary>
    public Uri Gateway => App.GetEndpoint("gateway", "http");

    /// <summary>The control plane's URL.</summary>
    public Uri Catalogue => App.GetEndpoint("catalogue", "http");

    public async ValueTask InitializeAsync()
    {
        Telemetry = await OtlpReceiver.StartAsync();
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
        [
            $"--Parameters:first-key={FirstKey}",
            "--Parameters:gateway-replicas=2",
            "--Parameters:model-servers=simulator",
            $"--AppHost:StateDirectory={_state}",
            $"--ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL={Telemetry.Url}",
        ]);
        App = await builder.BuildAsync();
        using var patience = new CancellationTokenSource(StartTimeout);
        await App.StartAsync(patience.Token);
        await App.ResourceNotifications.WaitForResourceHealthyAsync("gateway", patience.Token);
        await App.ResourceNotifications.WaitForResourceHealthyAsync("console", patience.Token);
        foreach (var instance in GatewayInstances)
        {
            await IsReady(instance);
        }
    }

    /// <summary>What an operator looks at.</summary>
    public Uri Console => App.GetEndpoint("console", "http");

    /// <summary>A resource of the graph.</summary>
    public IResource Resource(string name) =>
        App.Services.GetRequiredService<DistributedApplicationModel>().Resources.Single(resource => resource.Name == name);

    /// <summary>A client of the gateway that shows <paramref name="key"/>.</summary>
    public HttpClient GatewayClient(string key = FirstKey) => Client(Gateway, key);

    /// <summary>A client of the control plane that shows <paramref name="key"/>.</summary>
    public HttpClient CatalogueClient(string key = FirstKey) => Client(Catalogue, key);

    /// <summary>A client a gateway, each past the proxy that stands in front of them.</summary>
    public List<HttpClient> GatewayReplicas(string key = FirstKey) => [.. GatewayInstances.Select(instance => Replica(instance, key))];

    /// <summary>The process that runs an instance of a resource: <c>redis</c>, <c>gateway-2</c>.</summary>
    public int Pid(string instance)
    {
        Assert.True(App.ResourceNotifications.TryGetCurrentState(instance, out var state), $"There is no resource instance '{instance}'.");
        return Convert.ToInt32(state.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until the process of an instance is gone.</summary>
    public Task HasExited(string instance) => App.ResourceNotifications.WaitForResourceAsync(
        ResourceOf(instance),
        happened => happened.ResourceId == instance && KnownResourceStates.TerminalStates.Contains(happened.Snapshot.State?.Text),
        TestContext.Current.CancellationToken);

    /// <summary>Starts an instance that has been killed, and waits until it is healthy again.</summary>
    public async Task Restart(string instance)
    {
        await HasExited(instance);
        var result = await App.ResourceCommands.ExecuteCommandAsync(instance, "resource-start", TestContext.Current.CancellationToken);
        Assert.True(result.Success, result.Message);
        await App.ResourceNotifications.WaitForResourceAsync(
            ResourceOf(instance),
            happened => happened.ResourceId == instance && happened.Snapshot.State?.Text == KnownResourceStates.Running && happened.Snapshot.HealthStatus == HealthStatus.Healthy,
            TestContext.Current.CancellationToken);
        if (GatewayInstances.Contains(instance))
        {
            await IsReady(instance);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Telemetry.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }

    private static string ResourceOf(string instance) => instance.Split('-')[0];

    /// <remarks>A resource's health is asked through the proxy, where the other replica answers as well.</remarks>
    private async Task IsReady(string instance)
    {
        using var replica = Replica(instance, FirstKey);
        await Eventually.Holds(() => Ready(replica), ready => ready);
    }

    private static async Task<bool> Ready(HttpClient replica)
    {
        try
        {
            using var response = await replica.GetAsync("/health/ready", TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // It does not listen yet.
        }
    }

    /// <summary>A client of one gateway, past the proxy.</summary>
    private HttpClient Replica(string instance, string key) =>
        Client(new Uri(GraphProcess.Variable(Pid(instance), "ASPNETCORE_URLS").Split(';')[0]), key);

    private static HttpClient Client(Uri address, string key)
    {
        // A connection a request, so that the proxy in front of the gateways deals requests to all of them.
        var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false }) { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }
}

/// <summary>Tests in this collection share one <see cref="RunningGraph"/> and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class RunningGraphCollection : ICollectionFixture<RunningGraph>
{
    public const string Name = "running graph";
}
