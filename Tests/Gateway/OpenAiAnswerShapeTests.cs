using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>
/// Every endpoint's answers against OpenAI's API document. What an engine sends as the document has it leaves the gateway so, ids exchanged and usage cut out; what
/// the gateway makes itself of another protocol is as the document has it; what an engine sends otherwise is passed on and never made worse.
/// </summary>
public sealed class OpenAiAnswerShapeTests
{
    private const string Logprobs = """{"content":[{"token":"Hi","logprob":-0.1,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.1,"bytes":[72,105]}]}],"refusal":null}""";
    private const string Counted = """{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}""";

    /// <summary>The examples of the document itself, shortened.</summary>
    public static TheoryData<string, string, string, string, string> Wholes => new()
    {
        { "/v1/chat/completions", "m", "\"messages\":[{}],\"n\":2,\"logprobs\":true", "CreateChatCompletionResponse", $$$"""{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion","created":1741570283,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null,"annotations":[]},"logprobs":{{{Logprobs}}},"finish_reason":"stop"},{"index":1,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_abc123","type":"function","function":{"name":"get_current_weather","arguments":"{\"location\": \"Boston, MA\"}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{{{Counted}}},"service_tier":"default","system_fingerprint":"fp_fc9f1d7035"}""" },
        { "/v1/completions", "m", "\"prompt\":\"x\"", "CreateCompletionResponse", """{"id":"cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7","object":"text_completion","created":1589478378,"model":"upstream-model","system_fingerprint":"fp_44709d6fcb","choices":[{"text":"\n\nThis is indeed a test","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}""" },
        { "/v1/embeddings", "embed", "\"input\":\"x\"", "CreateEmbeddingResponse", """{"object":"list","data":[{"object":"embedding","embedding":[0.0023064255,-0.009327292],"index":0}],"model":"upstream-model","usage":{"prompt_tokens":8,"total_tokens":8}}""" },
        { "/v1/images/generations", "picture", "\"prompt\":\"x\"", "ImagesResponse", """{"created":1713833628,"data":[{"b64_json":"..."}],"background":"transparent","output_format":"png","size":"1024x1024","quality":"high","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}""" },
        { "/v1/audio/transcriptions", "ears", "", "CreateTranscriptionResponseJson", """{"text":"Imagine the wildest idea.","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":10,"audio_tokens":4},"output_tokens":101,"total_tokens":115}}""" },
        { "/v1/audio/transcriptions", "ears", "", "CreateTranscriptionResponseVerboseJson", """{"task":"transcribe","language":"english","duration":8.47,"text":"The beach was a popular spot.","segments":[{"id":0,"seek":0,"start":0.0,"end":3.32,"text":" The beach was a popular spot.","tokens":[50364,440],"temperature":0.0,"avg_logprob":-0.286,"compression_ratio":1.236,"no_speech_prob":0.0099}],"usage":{"type":"duration","seconds":9}}""" },
        { "/v1/audio/translations", "ears", "", "CreateTranslationResponseJson", """{"text":"Hello, my name is Wolfgang."}""" },
    };

    /// <summary>Streams, event by event; the first of two is the client's wish for usage.</summary>
    public static TheoryData<string, string, string, string, string[]> Streams => new()
    {
        { "/v1/chat/completions", "m", "\"messages\":[{}],\"stream\":true", "CreateChatCompletionStreamResponse", Chunks(usage: false) },
        { "/v1/chat/completions", "m", "\"messages\":[{}],\"stream\":true,\"stream_options\":{\"include_usage\":true}", "CreateChatCompletionStreamResponse", Chunks(usage: true) },
        { "/v1/completions", "m", "\"prompt\":\"x\",\"stream\":true", "CreateCompletionResponse", ["""{"id":"cmpl-1","object":"text_completion","created":1690759702,"choices":[{"text":"This","index":0,"logprobs":null,"finish_reason":"length"}],"model":"upstream-model"}"""] },
        { "/v1/images/generations", "picture", "\"prompt\":\"x\",\"stream\":true", "ImageGenStreamEvent", ["""{"type":"image_generation.partial_image","b64_json":"...","created_at":1620000000,"size":"1024x1024","quality":"high","background":"transparent","output_format":"png","partial_image_index":0}""", """{"type":"image_generation.completed","b64_json":"...","created_at":1620000000,"size":"1024x1024","quality":"high","background":"transparent","output_format":"png","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"""] },
        { "/v1/audio/speech", "voice", "\"input\":\"x\",\"stream_format\":\"sse\"", "CreateSpeechResponseStreamEvent", ["""{"type":"speech.audio.delta","audio":"base64-encoded-audio-data"}""", """{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}"""] },
        { "/v1/audio/transcriptions", "ears", "", "CreateTranscriptionResponseStreamEvent", ["""{"type":"transcript.text.delta","delta":" wonderful"}""", """{"type":"transcript.text.done","text":"I see skies of blue.","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":10,"audio_tokens":4},"output_tokens":31,"total_tokens":45}}"""] },
    };

    [Theory]
    [MemberData(nameof(Wholes))]
    public async Task A_whole_answer_of_the_documents_shape_keeps_it(string path, string model, string input, string shape, string answer)
    {
        var schema = OpenAiSchema.Load();
        schema.Validate(shape, answer);
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        await using var world = await StartAsync(engine);
        using var response = await AskAsync(world, path, model, input);
        var seen = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        schema.Validate(shape, seen);
        Assert.Equal(answer.Replace("upstream-model", model, StringComparison.Ordinal), seen);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Each_event_of_the_documents_shape_keeps_it(string path, string model, string input, string shape, string[] events)
    {
        var schema = OpenAiSchema.Load();
        Assert.All(events, json => schema.Validate(shape, json));
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([.. events.Select(json => $"data: {json}\n\n"), .. shape.EndsWith("Event", StringComparison.Ordinal) ? Array.Empty<string>() : ["data: [DONE]\n\n"]]));
        await using var world = await StartAsync(engine);
        using var response = await AskAsync(world, path, model, input);
        var seen = Events(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(events.Length, seen.Count);
        Assert.All(seen, json => schema.Validate(shape, json));
    }

    /// <remarks>A chat's usage that only the gateway asked for goes, with the chunk that holds nothing else.</remarks>
    [Theory]
    [InlineData(Engines.Vllm)]
    [InlineData(Engines.OpenAi)]
    [InlineData(Engines.Gemini)]
    [InlineData(Engines.AzureOpenAi)]
    public async Task Chunks_keep_their_shape_when_usage_is_cut_out(string engineName)
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([.. Chunks(usage: true).Select(json => $"data: {json}\n\n"), "data: [DONE]\n\n"]));
        await using var world = await StartAsync(engine, engineName);
        using var response = await AskAsync(world, "/v1/chat/completions", "m", "\"messages\":[{}],\"stream\":true");
        var seen = Events(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Chunks(usage: true).Length - 1, seen.Count);
        Assert.All(seen, json =>
        {
            schema.Validate("CreateChatCompletionStreamResponse", json);
            Assert.DoesNotContain("usage", json, StringComparison.Ordinal);
        });
    }

    /// <summary>vLLM 0.11's OpenAI server (<c>vllm/entrypoints/openai/protocol.py</c>) writes null where OpenAI leaves out, and fields of its own.</summary>
    [Fact]
    public async Task What_an_engine_writes_otherwise_is_passed_on_and_no_worse()
    {
        var schema = OpenAiSchema.Load();
        const string answer = """{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null,"annotations":null,"audio":null,"function_call":null,"tool_calls":[],"reasoning_content":null},"logprobs":null,"finish_reason":"stop","stop_reason":null,"token_ids":null}],"service_tier":null,"system_fingerprint":null,"usage":{"prompt_tokens":9,"total_tokens":11,"completion_tokens":2,"prompt_tokens_details":null},"prompt_logprobs":null,"prompt_token_ids":null,"kv_transfer_params":null}""";
        var known = schema.Faults("CreateChatCompletionResponse", answer);
        Assert.NotEmpty(known);
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        await using var world = await StartAsync(engine);
        using var response = await AskAsync(world, "/v1/chat/completions", "m", "\"messages\":[{}]");
        Assert.Equal(known, schema.Faults("CreateChatCompletionResponse", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("""[{"type":"text","text":"Hello"}]""", "end_turn")]
    [InlineData("[]", "end_turn")]
    [InlineData("""[{"type":"text","text":""}]""", "max_tokens")]
    [InlineData("""[{"type":"thinking","thinking":"hm","signature":"s="},{"type":"redacted_thinking","data":"ZA=="},{"type":"text","text":"\ud83d\ude00"}]""", "stop_sequence")]
    [InlineData("""[{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_1","name":"a","input":{"x":"\"é\""}},{"type":"tool_use","id":"toolu_2","name":"b","input":{}}]""", "tool_use")]
    [InlineData("""[{"type":"server_tool_use","id":"x","name":"web_search","input":{}}]""", "pause_turn")]
    [InlineData("[]", "refusal")]
    [InlineData("[]", "a_later_reason")]
    public async Task A_translated_answer_has_the_documents_shape(string content, string stop)
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message(content, stop)));
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        schema.Validate("CreateChatCompletionResponse", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"stream_options\":{\"include_usage\":true}")]
    public async Task Translated_chunks_have_the_documents_shape(string more)
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        foreach (var stream in new string[][]
        {
            AnthropicEngine.Said("Hel", "lo", "\ud83d\ude00"),
            [AnthropicEngine.Start(), AnthropicEngine.End(), AnthropicEngine.Stop],
            [AnthropicEngine.Start(), AnthropicEngine.BlockStart(0, """{"type":"thinking","thinking":"","signature":""}"""), AnthropicEngine.Delta(0, "thinking_delta", "thinking", "hm"), AnthropicEngine.Delta(0, "signature_delta", "signature", "s="), AnthropicEngine.BlockStop(0), AnthropicEngine.BlockStart(1, """{"type":"redacted_thinking","data":"ZA=="}"""), AnthropicEngine.BlockStop(1), AnthropicEngine.End("refusal"), AnthropicEngine.Stop],
            [AnthropicEngine.Start(), AnthropicEngine.ToolStart(0, "toolu_1", "a"), AnthropicEngine.Json(0, "{\"x\":"), AnthropicEngine.Json(0, "1}"), AnthropicEngine.BlockStop(0), AnthropicEngine.ToolStart(1, "toolu_2", "b"), AnthropicEngine.BlockStop(1), AnthropicEngine.End("tool_use"), AnthropicEngine.Stop],
        })
        {
            engine.Script = AnthropicEngine.Streams(stream);
            using var response = await world.PostAsync(GatewayWorld.StreamChat(more));
            var seen = Events(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.True(seen.Count >= 2, $"{seen.Count} chunks");
            Assert.All(seen, json => schema.Validate("CreateChatCompletionStreamResponse", json));
            Assert.Equal(more.Length > 0, seen[^1].Contains("\"prompt_tokens\"", StringComparison.Ordinal));
        }
    }

    private static string[] Chunks(bool usage)
    {
        var none = usage ? ",\"usage\":null" : "";
        string Chunk(string choices, string counted) => $$$"""{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"upstream-model","system_fingerprint":"fp_44709d6fcb","choices":{{{choices}}}{{{counted}}}}""";
        string[] chunks =
        [
            Chunk("""[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]""", none),
            Chunk($$$"""[{"index":0,"delta":{"content":"Hi"},"logprobs":{{{Logprobs}}},"finish_reason":null}]""", none),
            Chunk("""[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"a","arguments":""}}]},"logprobs":null,"finish_reason":null}]""", none),
            Chunk("""[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"logprobs":null,"finish_reason":null}]""", none),
            Chunk("""[{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}]""", none),
        ];
        return usage ? [.. chunks, Chunk("[]", ",\"usage\":" + Counted)] : chunks;
    }

    private static List<string> Events(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(sse => sse["data: ".Length..]).Where(data => data != "[DONE]")];

    private static async Task<HttpResponseMessage> AskAsync(GatewayWorld world, string path, string model, string input)
    {
        if (input.Length > 0)
        {
            return await world.PostAsync(string.Create(CultureInfo.InvariantCulture, $"{{\"model\":\"{model}\",{input}}}"), path);
        }

        using var form = new MultipartFormDataContent { { new ByteArrayContent([.. "RIFF"u8]), "file", "a.wav" }, { new StringContent(model), "model" } };
        return await world.Client.PostAsync(path, form, TestContext.Current.CancellationToken);
    }

    private static Task<GatewayWorld> StartAsync(ScriptedEngine engine, string engineName = Engines.OpenAi)
    {
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = engineName });
        return GatewayWorld.StartAsync(document with
        {
            Models =
            [
                .. document.Models,
                GatewayWorld.Model("picture", ModelTypes.ImageGeneration, "p1"),
                GatewayWorld.Model("voice", ModelTypes.TextToSpeech, "p1"),
                GatewayWorld.Model("ears", ModelTypes.SpeechToText, "p1"),
            ],
        });
    }
}
