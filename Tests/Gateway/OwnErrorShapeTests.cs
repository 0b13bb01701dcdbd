using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Policy;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Sending.Videos;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Usage;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway;

/// <summary>The statuses that take more than a bad request to come about, each against OpenAI's error object. <see cref="OpenAiShapeTests"/> has the others.</summary>
public sealed class OwnErrorShapeTests
{
    [Fact]
    public async Task A_body_that_comes_too_slowly_is_408()
    {
        var schema = OpenAiSchema.Load();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        var address = new Uri(world.Address);
        using var socket = new TcpClient(address.Host, address.Port);
        var head = $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {GatewayWorld.Key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"model\":";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(socket.GetStream(), Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Check(schema, answer[answer.IndexOf("{\"error\"", StringComparison.Ordinal)..(answer.LastIndexOf('}') + 1)], "request_timeout");
    }

    [Fact]
    public async Task A_limit_of_ours_is_429()
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with
        {
            Keys = [GatewayWorld.AccessKey() with { Limits = new Limits { Requests = [new WindowLimit { Count = 1, Per = new Duration(TimeSpan.FromMinutes(1)) }] } }],
        });
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();
        await RefusedAsync(schema, world, 429, "rate_limit_exceeded");
        Assert.Single(engine.Requests);
    }

    [Theory]
    [InlineData(502, "upstream_error", "not json")]
    [InlineData(502, "upstream_error", "{}")]
    [InlineData(502, "upstream_error", "")]
    [InlineData(502, "upstream_error", "{\"choices\":[]}")]
    [InlineData(502, "upstream_error", "{\"choices\":[{}]} {}")]
    [InlineData(502, "upstream_error", "{\"error\":{\"message\":\"boom\"}}")]
    public async Task An_answer_that_is_none_is_502(int status, string code, string answer)
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        await using var world = await GatewayWorld.StartAsync(engine);
        await RefusedAsync(schema, world, status, code);
    }

    [Fact]
    public async Task A_redirection_is_502_and_a_silent_engine_504()
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json("", 307, ("Location", "http://169.254.169.254/latest/meta-data")));
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:RequestTimeout=00:00:00.2");
        await RefusedAsync(schema, world, 502, "upstream_error");
        engine.Script = http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        await RefusedAsync(schema, world, 504, "upstream_timeout");
    }

    [Fact]
    public async Task A_gateway_without_a_snapshot_and_one_without_room_are_503()
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:MaxBodyBytes=65536", "--Gateway:MaxBufferedBytes=66000");
        var release = new TaskCompletionSource();
        engine.Script = async http =>
        {
            await release.Task;
            await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
        };
        var body = GatewayWorld.Chat(more: $",\"x\":\"{new string('x', 50_000)}\"");
        var first = world.PostAsync(body);
        await Eventually.Holds(() => engine.Requests.Count == 1);
        await RefusedAsync(schema, world, 503, "gateway_busy", body);
        release.SetResult();
        (await first).EnsureSuccessStatusCode().Dispose();

        await using var fresh = world.Build(Path.Combine(world.DataDirectory, "elsewhere"), "http://127.0.0.1:9");
        await fresh.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(fresh.Urls.First()) };
        using var response = await client.PostAsync("/v1/chat/completions", new StringContent(GatewayWorld.Chat(), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)response.StatusCode);
        Check(schema, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "no_snapshot");
        await fresh.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <remarks>A defect nobody knows of cannot be asked for; a pipeline that lacks a part has one.</remarks>
    [Fact]
    public async Task A_defect_is_500_and_its_message_tells_nothing_but_the_requests_id()
    {
        var schema = OpenAiSchema.Load();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        var services = world.Gateway.Services;
        T Part<T>()
            where T : notnull => services.GetRequiredService<T>();
        var pipeline = new RequestPipeline(
            Part<CurrentSnapshot>(), Part<AccessKeyAuthenticator>(), null!, Part<ModelResolver>(), Part<AccessPolicy>(), Part<QuotaGate>(), Part<RoutePlanner>(), Part<TranslationCheck>(), Part<RunHost>(),
            Part<VideoRuns>(), Part<Sender>(), Part<Recorder>(), Part<Settlement>(), Part<Dice>(), TimeProvider.System, NullLogger<RequestPipeline>.Instance);
        var http = new DefaultHttpContext { TraceIdentifier = "req_1" };
        using var body = new MemoryStream();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        http.Request.Headers.Authorization = "Bearer " + GatewayWorld.Key;
        await pipeline.AnswerAsync(http, Operation.Chat);
        Assert.Equal((500, "application/json"), (http.Response.StatusCode, http.Response.ContentType));
        var json = Encoding.UTF8.GetString(body.ToArray());
        Check(schema, json, "internal_error");
        Assert.Contains("The gateway failed on this request. Its log says more under req_1.", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"boom\",\"code\":500}}\n\n")]
    [InlineData("data: nonsense\n\n")]
    [InlineData("")]
    public async Task The_event_that_ends_a_broken_stream_has_it_too(string rest)
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync();
        foreach (var (kind, first) in new[] { (Engines.Vllm, ScriptedEngine.Chunk("Hel")), (Engines.Anthropic, AnthropicEngine.Start() + AnthropicEngine.TextStart(0) + AnthropicEngine.Text(0, "Hel")) })
        {
            var goOn = new TaskCompletionSource();
            engine.Script = async http =>
            {
                await ScriptedEngine.Sse([first])(http);
                await goOn.Task;
                await http.Response.WriteAsync(rest);
            };
            await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = kind }));
            using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
            goOn.SetResult(); // The head has come, so content is on its way.
            var last = (await CutAnswer.ReadAsync(response)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1];
            Check(schema, last["data: ".Length..], "upstream_error");
        }
    }

    private static async Task RefusedAsync(OpenAiSchema schema, GatewayWorld world, int status, string code, string? body = null)
    {
        using var response = await world.PostAsync(body ?? GatewayWorld.Chat());
        Assert.Equal((status, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Check(schema, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), code);
    }

    private static void Check(OpenAiSchema schema, string json, string code)
    {
        schema.Validate("ErrorResponse", json);
        using var document = JsonDocument.Parse(json);
        Assert.Equal(code, document.RootElement.GetProperty("error").GetProperty("code").GetString());
    }
}
