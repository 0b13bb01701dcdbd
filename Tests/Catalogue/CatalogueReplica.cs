using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orrery.Catalogue;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Catalogue;

/// <summary>The real Catalogue on a free port, over a real database; several on one database are replicas.</summary>
internal sealed class CatalogueReplica : IAsyncDisposable
{
    public const string FirstKey = "ork_TestsFirstAdministratorKeyTestsFirstAdmin";
    public const string SecretsKey = "tests-secrets-key-of-at-least-32-characters";
    public const string InternalKey = "tests-internal-key-of-at-least-32-characters";
    public const string Root = "/apis/orrery.dev/v1";

    private readonly WebApplication _app;
    private readonly LogLines _log = new();

    private CatalogueReplica(WebApplication app)
    {
        _app = app;
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
    }

    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    /// <summary>Everything logged so far.</summary>
    public string Logged => string.Join('\n', _log.Lines);

    /// <param name="settings">Configuration beyond the usual: <c>Catalogue:WatchWindow=20</c>.</param>
    public static async Task<CatalogueReplica> StartAsync(string database, params string[] settings)
    {
        var replica = await LaunchAsync(database, settings);
        await replica.ReadyAsync();
        return replica;
    }

    /// <summary>Like <see cref="StartAsync"/>, without waiting for it to be ready.</summary>
    public static async Task<CatalogueReplica> LaunchAsync(string database, params string[] settings)
    {
        string[] usual =
        [
            "--urls=http://127.0.0.1:0", $"--ConnectionStrings:orrery={database}", $"--Internal:Key={InternalKey}", $"--Secrets:Key={SecretsKey}",
            $"--Catalogue:FirstKey={FirstKey}", "--Gateway:Egress:AllowLoopback=true", "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Orrery=Debug", "--Logging:Console:LogLevel:Default=None",
        ];
        var replica = new CatalogueReplica(CatalogueHost.Build([.. usual, .. settings.Select(setting => "--" + setting)]));
        await replica._app.StartAsync();
        replica.Http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(replica._app.Urls.First()) };
        return replica;
    }

    public Task ReadyAsync() => Eventually.Holds(() => HealthAsync(), health => health.StartsWith("200", StringComparison.Ordinal), TimeSpan.FromSeconds(15));

    public async Task<string> HealthAsync()
    {
        using var response = await Http.GetAsync("/health/ready");
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
    }

    public Task<Answer> Get(string path, string? token = FirstKey) => Send(HttpMethod.Get, path, null, token);

    public Task<Answer> Put(string path, string body, string? token = FirstKey) => Send(HttpMethod.Put, path, body, token);

    public Task<Answer> Post(string path, string body, string? token = FirstKey) => Send(HttpMethod.Post, path, body, token);

    public Task<Answer> Delete(string path, string? token = FirstKey) => Send(HttpMethod.Delete, path, null, token);

    public Task<Answer> Apply(string documents, string query = "", string? token = FirstKey) => Post($"{Root}/apply{query}", documents, token);

    public async Task<Answer> Send(HttpMethod method, string path, string? body, string? token, string contentType = "application/yaml")
    {
        using var request = Request(method, path, token);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);

            // As curl does: a body that is too large is refused before it is sent.
            request.Headers.ExpectContinue = body.Length > 1024 * 1024;
        }

        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer(response.StatusCode, text, response.Headers.TryGetValues("x-request-id", out var ids) ? ids.First() : null, response.Headers.RetryAfter?.ToString());
    }

    public HttpRequestMessage Request(HttpMethod method, string path, string? token)
    {
        var request = new HttpRequestMessage(method, path);
        if (token == Internal)
        {
            request.Headers.Add(InternalAuthentication.Header, Services.GetRequiredService<InternalTokens>().Create("Tests"));
        }
        else if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    /// <summary>Passed as a token: call as a service of ours.</summary>
    public const string Internal = "internal";

    public Task<EventReader> Snapshot(long since = 0) => Events($"/internal/snapshot?since={since}", Internal);

    /// <summary>Opens a stream of server-sent events.</summary>
    public async Task<EventReader> Events(string path, string token = FirstKey)
    {
        using var request = Request(HttpMethod.Get, path, token);
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            Assert.Fail($"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        return new EventReader(response, await response.Content.ReadAsStreamAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

/// <param name="Text">The body.</param>
internal sealed record Answer(HttpStatusCode Status, string Text, string? RequestId, string? RetryAfter)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public IReadOnlyList<JsonNode> Errors => [.. (Json["errors"]?.AsArray() ?? []).Select(error => error!)];

    public Answer Expect(HttpStatusCode status)
    {
        if (Status != status)
        {
            Assert.Fail($"Expected {(int)status}, got {(int)Status}: {Text}");
        }

        return this;
    }

    public Answer ExpectOk() => Expect(Status == HttpStatusCode.Created ? HttpStatusCode.Created : HttpStatusCode.OK);
}
