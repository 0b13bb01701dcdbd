using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;
using Orrery.Tests.Telemetry;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>What requests and health checks bring a provider of its operator's: the credential in the way asked for, headers, and who sees any of it.</summary>
public sealed class AccessTests
{
    [Theory]
    [InlineData("vllm", null, "Authorization", "Bearer sk-secret-1")]
    [InlineData("openai", """{"type":"bearer"}""", "Authorization", "Bearer sk-secret-1")]
    [InlineData("openai", """{"type":"header"}""", "api-key", "sk-secret-1")]
    [InlineData("openai", """{"type":"header","header":"X-Key"}""", "X-Key", "sk-secret-1")]
    [InlineData("openai", """{"type":"header","header":"Authorization"}""", "Authorization", "sk-secret-1")]
    [InlineData("openai", """{"type":"basic","username":"me"}""", "Authorization", "Basic bWU6c2stc2VjcmV0LTE=")]
    [InlineData("azure-openai", null, "api-key", "sk-secret-1")]
    [InlineData("azure-openai", """{"type":"bearer"}""", "Authorization", "Bearer sk-secret-1")]
    [InlineData("gemini", null, "Authorization", "Bearer sk-secret-1")]
    [InlineData("anthropic", null, "x-api-key", "sk-secret-1")]
    [InlineData("anthropic", """{"type":"bearer"}""", "Authorization", "Bearer sk-secret-1")]
    [InlineData("openai", """{"type":"none"}""", null, null)]
    public async Task A_credential_is_sent_with_requests_and_checks_as_its_operator_says(string engine, string? auth, string? header, string? value)
    {
        await using var server = await ScriptedEngine.StartAsync();
        var provider = Vendor.With(GatewayWorld.Provider("p1", server.Url), "sk-secret-1\n") with
        {
            Engine = engine,
            Auth = auth is null ? null : JsonSerializer.Deserialize(auth, ContractsJson.Default.ProviderAuth),
            HealthCheck = Often,
        };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => !server.Checks.IsEmpty);
        foreach (var received in new[] { server.Last, server.Checks.First() })
        {
            Assert.All((string[])["Authorization", "api-key", "x-api-key", "X-Key"], name =>
                Assert.Equal(name == header ? value : null, received.Headers.GetValueOrDefault(name)));
            Assert.Equal(engine == "anthropic" ? "2023-06-01" : null, received.Headers.GetValueOrDefault("anthropic-version"));
        }
    }

    [Fact]
    public async Task Headers_plain_and_secret_are_sent_with_requests_and_checks()
    {
        await using var server = await ScriptedEngine.StartAsync();
        var provider = GatewayWorld.Provider("p1", server.Url) with
        {
            Headers = new Dictionary<string, string> { ["HTTP-Referer"] = "https://example.org", ["User-Agent"] = "acme/1.0" },
            SecretHeaders = new Dictionary<string, SnapshotSecret> { ["cf-access-token"] = Vendor.Seal("cf", "token-of-cf") },
            HealthCheck = Often,
        };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Eventually.Holds(() => !server.Checks.IsEmpty);
        foreach (var received in new[] { server.Last, server.Checks.First() })
        {
            Assert.Equal(
                ("https://example.org", "acme/1.0", "token-of-cf"),
                (received.Headers["HTTP-Referer"], received.Headers["User-Agent"], received.Headers["cf-access-token"]));
        }
    }

    [Fact]
    public async Task The_operators_anthropic_version_goes_first()
    {
        await using var server = await ScriptedEngine.StartAsync(Json(AnthropicEngine.Message()));
        var provider = AnthropicEngine.Provider("p1", server.Url) with { Headers = new Dictionary<string, string> { ["Anthropic-Version"] = "2024-01-01", ["anthropic-beta"] = "x" } };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(("2024-01-01", "x"), (server.Last.Headers["anthropic-version"], server.Last.Headers["anthropic-beta"]));
    }

    [Theory]
    [InlineData("sk-a\r\nX-Evil: 1")]
    [InlineData("sk-\u00e4")]
    [InlineData("\n")]
    public async Task A_credential_that_no_header_can_hold_stops_its_provider_and_is_not_sent_in_pieces(string key)
    {
        await using var server = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(Vendor.Provider("p1", server.Url, key)));
        world.ExpectError("CredentialSealed");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_secret_header_that_cannot_be_opened_stops_its_provider()
    {
        await using var server = await ScriptedEngine.StartAsync();
        var provider = GatewayWorld.Provider("p1", server.Url) with
        {
            SecretHeaders = new Dictionary<string, SnapshotSecret> { ["x-token"] = Vendor.Seal("a", "value") with { Key = "b" } },
        };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        world.ExpectError("CredentialSealed");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_check_refused_with_one_of_several_keys_does_not_take_the_server_out()
    {
        await using var server = await ScriptedEngine.StartAsync();
        server.Health = Vendor.Refuses("sk-a");
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(Vendor.With(GatewayWorld.Provider("p1", server.Url), "sk-a", "sk-b") with { HealthCheck = Often with { FailureThreshold = 1 } }));
        await Eventually.Holds(() => server.Checks.Count >= 3);
        Assert.Equal("healthy", (await Vendor.ExplainAsync(world)).Health);
    }

    [Fact]
    public async Task A_provider_is_named_by_its_aliases_too()
    {
        await using var one = await ScriptedEngine.StartAsync();
        await using var two = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", one.Url), GatewayWorld.Provider("p2", two.Url) with { Aliases = ["Second.One", "zwei"] }) with
        {
            Routes = [new SnapshotRoute { Namespace = "default", Name = "r", Match = new RouteMatch { Models = ["routed"] }, Targets = [new RouteTarget { Model = "zwei/m" }], Fallback = [] }],
        };
        await using var world = await GatewayWorld.StartAsync(document);
        foreach (var body in (string[])
        [
            GatewayWorld.Chat("Second.One/m"), GatewayWorld.Chat("zwei:m"), GatewayWorld.Chat("routed"), GatewayWorld.Chat(more: ""","routing":{"providers":["zwei"]}"""),
            GatewayWorld.Chat(more: ""","routing":{"providers":["Second.One","p1"]}"""),
        ])
        {
            using var response = await world.PostAsync(body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());
        }

        Assert.Equal((0, 5), (one.Requests.Count, two.Requests.Count));
        using var unknown = await world.PostAsync(GatewayWorld.Chat("third/m"));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    /// <summary>The engine repeats what it was sent, in errors of every form; nothing of it may be seen anywhere.</summary>
    [Fact]
    public async Task Secrets_are_in_no_answer_no_log_no_trace_and_no_metric()
    {
        string[] secrets = ["sk-first-secret-0001", "sk-second-secret-0002", "header-secret-0003", "cGFzcw-basic-secret-0004", Convert.ToBase64String("user:cGFzcw-basic-secret-0004"u8)];
        var (status, turn) = (0, 0);
        int[] statuses = [400, 401, 403, 404, 422, 429, 500, 503, 200];
        await using var engine = await ScriptedEngine.StartAsync(http =>
        {
            var echo = string.Join(" ", http.Request.Headers.Select(header => $"{header.Key}: {header.Value}"));
            var text = JsonSerializer.Serialize(new string('x', turn % 3 * 240) + echo, ContractsJson.Default.String);
            return (turn++ % 3) switch
            {
                0 or 1 when status == 200 => Json($$$"""{"error":{"message":{{{text}}}}}""")(http),
                0 => Json($$$"""{"error":{"message":{{{text}}},"type":{{{text}}},"code":{{{text}}},"param":{{{text}}}}}""", status)(http),
                1 => Json($$$"""{"detail":{"what":{{{text}}}}}""", status)(http),
                _ => Json($$"""[{"error":{{text}}}]""", status)(http),
            };
        });
        var many = Vendor.Provider("p1", engine.Url, secrets[0], secrets[1]) with
        {
            SecretHeaders = new Dictionary<string, SnapshotSecret> { ["x-token"] = Vendor.Seal("h", secrets[2]) },
        };
        var basic = Vendor.Provider("p2", engine.Url, secrets[3]) with { Auth = new ProviderAuth { Type = "basic", Username = "user" } };
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var logs = new Logs();
        var seen = new StringBuilder();
        await using (var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(many, basic),
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Url}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--Telemetry:SampleRatio=1", "--Logging:LogLevel:Orrery=Trace",
            "--OTEL_METRIC_EXPORT_INTERVAL=100"))
        {
            logs.Listen(world);
            foreach (var one in statuses)
            {
                status = one;
                foreach (var body in (string[])[GatewayWorld.Chat("p1/m"), GatewayWorld.StreamChat(), GatewayWorld.Chat("p2/m")])
                {
                    using var response = await world.PostAsync(body, change: request => request.Headers.Add("X-Orrery-Explain", "1"));
                    seen.Append(response).Append(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                }
            }

            await Eventually.Holds(() => receiver.Metrics.Any(metric => metric.Name == "orrery.gateway.provider_key.state"));
            foreach (var file in Directory.EnumerateFiles(world.DataDirectory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("lock", StringComparison.Ordinal)))
            {
                using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
                seen.Append(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
            }
        }

        Assert.Contains(engine.Requests, request => request.Headers.Values.Contains("Bearer " + secrets[1]));
        Assert.Contains("[secret]", seen.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(receiver.Spans);
        Assert.NotEmpty(logs.Text);
        var sent = receiver.Bodies.Select(body => Encoding.UTF8.GetString(body)).ToList();
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret, seen.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, logs.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(sent, body => body.Contains(secret, StringComparison.Ordinal));
        }
    }

    private static HealthCheckSpec Often => new() { Interval = new Duration(TimeSpan.FromMilliseconds(50)), Timeout = new Duration(TimeSpan.FromSeconds(5)) };

    /// <summary>All that a gateway logs.</summary>
    private sealed class Logs : ILoggerProvider, ILogger, IAsyncDisposable
    {
        private readonly StringBuilder _text = new();

        public string Text
        {
            get
            {
                lock (_text)
                {
                    return _text.ToString();
                }
            }
        }

        public void Listen(GatewayWorld world) => ((ILoggerFactory)world.Gateway.Services.GetService(typeof(ILoggerFactory))!).AddProvider(this);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_text)
            {
                _text.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
            }
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
