using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Tests.Simulator;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Clients;

/// <summary>
/// What client libraries talk to: a gateway before the simulator (<c>sim</c>, <c>sim-embed</c>) and before an engine that answers as vLLM 0.11's OpenAI server does, one
/// model for each thing that it can do well or badly. Each bad one has a provider, and so a health, of its own.
/// </summary>
internal sealed class ClientWorld : IAsyncDisposable
{
    /// <summary>A key that may ask once a second.</summary>
    public const string SlowKey = "ork_0000000000000000000000000000000000000009";

    private const string Object = """{\"city\":\"Paris\",\"celsius\":21}""";
    private const string ToolCall = """[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\"}"}}]""";
    private const string Error = """{"error":{"message":"said by the engine","type":"engine_error","param":"messages","code":"context_length_exceeded"}}""";
    private static readonly string[] Stream = [Role, Chunk("Hel"), Chunk("lo"), Chunk("", finish: "\"stop\""), UsageChunk(7, 3), Done];

    /// <summary>More than the gateway reads at once, so that the client has content before the end comes.</summary>
    private static readonly string[] Beginning = [Role, Chunk("Hel"), string.Concat(Enumerable.Repeat(": ping\n\n", 2_000))];
    private static readonly string[] Bad = ["refusing", "throttled", "failing", "broken", "cut", "ended", "hanging"];

    private readonly ScriptedEngine _engine;
    private readonly SimulatorServer _simulator;

    private ClientWorld(ScriptedEngine engine, SimulatorServer simulator, GatewayWorld world) => (_engine, _simulator, World) = (engine, simulator, world);

    public GatewayWorld World { get; }

    public static async Task<ClientWorld> StartAsync(params string[] settings)
    {
        var engine = await ScriptedEngine.StartAsync(AnswerAsync);
        var simulator = await SimulatorServer.StartAsync();
        var document = GatewayWorld.Document() with
        {
            Keys = [GatewayWorld.AccessKey(), GatewayWorld.AccessKey(SlowKey, "slow") with { Limits = new Limits { Requests = [new WindowLimit { Count = 1, Per = new Duration(TimeSpan.FromSeconds(1)) }] } }],
            Providers =
            [
                GatewayWorld.Provider("engine", engine.Url),
                GatewayWorld.Provider("simulator", new Uri(simulator.Url, "/v1").ToString()) with { Simulated = true },
                .. Bad.Select(name => GatewayWorld.Provider(name, engine.Url)),
            ],
            Models =
            [
                .. new[] { "m", "text", "tools", "object" }.Select(name => Model(name, ModelTypes.Chat, "engine")),
                .. Bad.Select(name => Model(name, ModelTypes.Chat, name)),
                Model("embed", ModelTypes.Embedding, "engine"), Model("floats", ModelTypes.Embedding, "engine"), Model("picture", ModelTypes.ImageGeneration, "engine"),
                Model("voice", ModelTypes.TextToSpeech, "engine"), Model("ears", ModelTypes.SpeechToText, "engine"),
                Model("sim", ModelTypes.Multimodal, "simulator", "chat"), Model("sim-embed", ModelTypes.Embedding, "simulator", "embed"),
            ],
        };
        return new ClientWorld(engine, simulator, await GatewayWorld.StartAsync(document, settings));
    }

    public Task<JsonElement> AskAsync(string script, string package) => NodeScript.RunAsync(
        script, package, ("OPENAI_BASE_URL", World.Address + "/v1"), ("OPENAI_API_KEY", GatewayWorld.Key), ("SLOW_API_KEY", SlowKey),
        ("ANTHROPIC_BASE_URL", World.Address), ("ANTHROPIC_API_KEY", GatewayWorld.Key));

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        await _engine.DisposeAsync();
        await _simulator.DisposeAsync();
    }

    private static SnapshotModel Model(string id, string type, string provider, string? upstream = null) =>
        GatewayWorld.Model(id, type) with { Offers = [new SnapshotOffer(provider, upstream ?? id)] };

    private static Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path.Value!.EndsWith("/audio/transcriptions", StringComparison.Ordinal))
        {
            return Json("""{"text":"Hello"}""")(http);
        }

        var request = JsonDocument.Parse((string)http.Items[BodyItem]!).RootElement;
        var isStream = request.TryGetProperty("stream", out var stream) && stream.GetBoolean();
        var script = request.GetProperty("model").GetString() switch
        {
            "m" => isStream ? Sse(Stream) : Json(Answer),
            "text" => Json("""{"id":"x","object":"text_completion","created":1,"model":"text","choices":[{"index":0,"text":" there was","finish_reason":"length","logprobs":null}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}}"""),
            "tools" when HasResult(request) && isStream => Sse([Role, Chunk("Sunny", finish: "\"stop\""), Done]),
            "tools" when HasResult(request) => Json(Answer.Replace("Hello", "Sunny", StringComparison.Ordinal)),
            "tools" => isStream ? Sse([Role, Delta($$"""{"tool_calls":{{ToolCall}}}"""), Chunk("", finish: "\"tool_calls\""), Done]) : Json(Whole("\"content\":null,\"tool_calls\":" + ToolCall, "tool_calls")),
            "object" => Json(Whole($"\"content\":\"{Object}\"", "stop")),
            "embed" or "floats" => Json(Embeddings(request)),
            "picture" => Json("""{"created":1,"data":[{"b64_json":"AAA="}]}"""),
            "voice" => Sound,
            "refusing" => Json(Error, 400),
            "throttled" => Json("""{"error":{"message":"slow down"}}""", 429, ("Retry-After", "30")),
            "broken" => Sse([.. Beginning, "data: {\"error\":{\"message\":\"out of memory\"}}\n\n"]),
            "cut" => Sse(Beginning, cut: true),
            "ended" => Sse(Beginning),
            "hanging" => hanging => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, hanging.RequestAborted),
            _ => Json(Error, 500),
        };
        return script(http);
    }

    private static bool HasResult(JsonElement request) => request.GetProperty("messages").EnumerateArray().Any(message => message.GetProperty("role").GetString() == "tool");

    private static string Delta(string delta) => $$"""data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"tools","choices":[{"index":0,"delta":{{delta}},"finish_reason":null}]}""" + "\n\n";

    private static string Whole(string message, string finish) =>
        $$$"""{"id":"x","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,"message":{"role":"assistant",{{{message}}}},"finish_reason":"{{{finish}}}"}],"usage":{{{Usage(7, 3)}}}}""";

    /// <remarks>As base64 where that is asked for: OpenAI's client for JavaScript does.</remarks>
    private static string Embeddings(JsonElement request)
    {
        var isBase64 = request.TryGetProperty("encoding_format", out var format) && format.GetString() == "base64";
        float[] vector = [0.5f, -1];
        var text = isBase64 ? $"\"{Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector))}\"" : "[0.5,-1]";
        return $$$"""{"object":"list","model":"x","data":[{"object":"embedding","index":0,"embedding":{{{text}}}},{"object":"embedding","index":1,"embedding":{{{text}}}}],"usage":{"prompt_tokens":2,"total_tokens":2}}""";
    }

    private static Task Sound(HttpContext http)
    {
        http.Response.ContentType = "audio/mpeg";
        return http.Response.Body.WriteAsync(new byte[1_000]).AsTask();
    }
}
