using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway;

/// <summary>A real gateway on a free port, a catalogue and engines beside it. At its end nothing may have been thrown in the dark, leaked or left in flight.</summary>
internal sealed class GatewayWorld : IAsyncDisposable
{
    public const string Key = "ork_0000000000000000000000000000000000000001";
    public const string InternalKey = "internal-key-of-the-tests-0123456789";
    public const string SecretsKey = "secrets-key-of-the-tests-01234567890";

    private readonly CollectedErrors _errors = new();
    private readonly List<string> _expectedErrors = [];
    private readonly string[] _settings;
    private WebApplication? _gateway;
    private bool _ownsDirectory;

    private GatewayWorld(FakeCatalogue catalogue, string[] settings)
    {
        (Catalogue, _settings) = (catalogue, settings);
    }

    public FakeCatalogue Catalogue { get; private set; }

    public string DataDirectory { get; private set; } = "";

    public HttpClient Client { get; private set; } = null!;

    public string Address => Gateway.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();

    public WebApplication Gateway => _gateway ?? throw new InvalidOperationException("The gateway does not run.");

    public static async Task<GatewayWorld> StartAsync(SnapshotDocument document, params string[] settings)
    {
        var world = new GatewayWorld(await FakeCatalogue.StartAsync(document), settings);
        world.DataDirectory = Path.Combine(Path.GetTempPath(), "orrery-tests-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));
        world._ownsDirectory = true;
        await world.StartGatewayAsync();
        await Eventually.Holds(() => world.Current.Value is not null);
        return world;
    }

    /// <summary>One engine, one provider <c>p1</c>, one chat model <c>m</c> and one key.</summary>
    public static Task<GatewayWorld> StartAsync(ScriptedEngine engine, params string[] settings) => StartAsync(Document(engine), settings);

    public static SnapshotDocument Document() => Document(Array.Empty<SnapshotProvider>());

    public static SnapshotDocument Document(params ScriptedEngine[] engines) => Document(engines.Select((engine, i) => Provider($"p{i + 1}", engine.Url)).ToArray());

    public static SnapshotDocument Document(params SnapshotProvider[] providers) => new()
    {
        Revision = 1,
        Keys = [AccessKey()],
        Providers = providers,
        Models = [Model("m", ModelTypes.Chat, providers.Select(provider => provider.Name).ToArray()), Model("embed", ModelTypes.Embedding, providers.Select(provider => provider.Name).ToArray())],
    };

    public static SnapshotKey AccessKey(string token = Key, string name = "team-key") =>
        new() { Namespace = "default", Name = name, Sha256 = AccessToken.Hash(token), Role = AccessRoles.User };

    public static SnapshotProvider Provider(string name, params string[] urls) => new()
    {
        Namespace = "default",
        Name = name,
        Provider = "self_hosted",
        Engine = Engines.Vllm,
        Endpoints = [.. urls.Select(url => new ProviderEndpoint { Url = url })],
    };

    public static SnapshotModel Model(string id, string type, params string[] providers) => new()
    {
        Namespace = "default",
        Id = id,
        ModelType = type,
        Offers = [.. providers.Select(provider => new SnapshotOffer(provider, "upstream-model"))],
    };

    public CurrentSnapshot Current => Gateway.Services.GetRequiredService<CurrentSnapshot>();

    public async Task StartGatewayAsync()
    {
        _gateway = Build(DataDirectory, Catalogue.Address);
        await _gateway.StartAsync();
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(Address), Timeout = TimeSpan.FromSeconds(60) };
        Client.DefaultRequestHeaders.Add("Authorization", "Bearer " + Key);
    }

    /// <summary>A gateway as this world's, elsewhere; the caller starts and disposes it.</summary>
    public WebApplication Build(string directory, string catalogue)
    {
        var gateway = GatewayHost.Build([
            "--urls=http://127.0.0.1:0",
            "--Internal:Key=" + InternalKey,
            "--Secrets:Key=" + SecretsKey,
            "--services:catalogue:http:0=" + catalogue,
            "--Gateway:DataDirectory=" + directory,
            "--Gateway:Egress:AllowLoopback=true",
            "--Logging:LogLevel:Default=Warning",
            .. _settings,
        ]);
        var loggers = gateway.Services.GetRequiredService<ILoggerFactory>();
        loggers.AddProvider(_errors);
        return gateway;
    }

    public async Task StopGatewayAsync()
    {
        Client.Dispose();
        await NothingIsHeldAsync();
        AssertNothingLeaked();
        await Gateway.StopAsync();
        await Gateway.DisposeAsync();
        _gateway = null;
    }

    /// <summary>What was logged as an error so far.</summary>
    public IReadOnlyCollection<string> Errors => _errors.All;

    public void ExpectError(string eventName) => _expectedErrors.Add(eventName);

    public Task<HttpResponseMessage> PostAsync(string body, string path = "/v1/chat/completions", Action<HttpRequestMessage>? change = null, bool stream = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        change?.Invoke(request);
        return Client.SendAsync(request, stream ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead);
    }

    public static string Chat(string model = "m", string more = "") => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Hi"}]{{more}}}""";

    public static string StreamChat(string more = "") => Chat(more: ""","stream":true""" + more);

    public Task<UsageEvent> OnlyUsageAsync() => Eventually.Holds(() => Task.FromResult(Catalogue.Usage.SingleOrDefault()!), used => used is not null);

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await StopGatewayAsync();
        }

        await Catalogue.DisposeAsync();
        if (_ownsDirectory)
        {
            Directory.Delete(DataDirectory, recursive: true);
        }

        Assert.DoesNotContain(_errors.All, error => !_expectedErrors.Any(error.Contains));
    }

    /// <summary>The server may still be ending what its client has read.</summary>
    private Task<bool> NothingIsHeldAsync() => Eventually.Holds(
        () => Gateway.Services.GetRequiredService<EndpointPool>().InFlight == 0
            && Gateway.Services.GetRequiredService<BufferPool>().Outstanding == 0
            && Gateway.Services.GetRequiredService<BodySpool>() is { Held: 0, Files: 0 }
            && Gateway.Services.GetRequiredService<BodyBudget>().Held == 0,
        TimeSpan.FromSeconds(10));

    private void AssertNothingLeaked()
    {
        Assert.Equal(0, Gateway.Services.GetRequiredService<EndpointPool>().InFlight);
        Assert.Equal(0, Gateway.Services.GetRequiredService<BufferPool>().Outstanding);
        Assert.Equal(0, Gateway.Services.GetRequiredService<BodyBudget>().Held);
        Assert.Equal((0, 0), (Gateway.Services.GetRequiredService<BodySpool>().Held, Gateway.Services.GetRequiredService<BodySpool>().Files));
    }

    /// <summary>What the gateway logged as an error, and what its web server only warns of: a connection that it had to give up.</summary>
    private sealed class CollectedErrors : ILoggerProvider
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Log(All, categoryName.StartsWith("Microsoft.AspNetCore.Server", StringComparison.Ordinal) ? LogLevel.Warning : LogLevel.Error);

        public void Dispose()
        {
        }

        private sealed class Log(ConcurrentQueue<string> all, LogLevel least) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

            void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (logLevel >= least)
                {
                    all.Enqueue($"{eventId.Name}: {formatter(state, exception)} {exception}");
                }
            }
        }
    }
}
