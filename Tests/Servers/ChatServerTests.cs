using System.Text.Json;

namespace Orrery.Tests.Servers;

/// <summary>Chat and embeddings by transformers, as clients of OpenAI's API ask for them.</summary>
public sealed class ChatServerTests
{
    private const string Path = "/v1/chat/completions";

    private const string RedPng = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEElEQVR4nGP4z8AARAwoFABE0AX7pM/egAAAAABJRU5ErkJggg==";

    private static object User(object content) => new { role = "user", content };

    private static string Said(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private static string? Reason(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString();

    [Fact]
    public async Task An_answer_has_text_usage_and_why_it_ended()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --served-model-name m --kind chat");
        var answer = await server.AskAsync(Path, new { model = "m", messages = new[] { new { role = "system", content = "Be brief." }, User("Grüß dich 😀") }, temperature = 0, an_unknown_field = 7 });
        Assert.Equal(("You said: Grüß dich 😀", "stop", "m"), (Said(answer), Reason(answer), answer.GetProperty("model").GetString()));
        Assert.Equal("""{"prompt_tokens":39,"completion_tokens":27,"total_tokens":66}""", answer.GetProperty("usage").GetRawText());
        Gateway.OpenAiSchema.Load().Validate("CreateChatCompletionResponse", answer.GetRawText());

        var cut = await server.AskAsync(Path, new { messages = new[] { User("abcdef") }, max_tokens = 7 });
        Assert.Equal(("You sai", "length"), (Said(cut), Reason(cut)));
        var stopped = await server.AskAsync(Path, new { messages = new[] { User("one STOP two") }, stop = new[] { "nothing", "STOP" } });
        Assert.Equal(("You said: one ", "stop"), (Said(stopped), Reason(stopped)));
        var parts = await server.AskAsync(Path, new { messages = new[] { User(new[] { new { type = "text", text = "in " }, new { type = "text", text = "parts" } }) } });
        Assert.Equal("You said: in parts", Said(parts));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_stream_has_whole_characters_and_usage_where_it_is_asked_for(bool usage, bool always)
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --kind chat");
        using var answer = await server.SendAsync(Path, new { messages = new[] { User("é😀. Then STOP.") }, stop = "STOP", stream = true, stream_options = new { include_usage = usage, continuous_usage_stats = always } });
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var events = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        var chunks = events[..^1].Select(line => JsonDocument.Parse(line[6..]).RootElement).ToList();
        Assert.All(chunks, chunk => Gateway.OpenAiSchema.Load().Validate("CreateChatCompletionStreamResponse", chunk.GetRawText()));
        var choices = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).ToList();
        Assert.Equal("""{"role":"assistant","content":""}""", choices[0].GetProperty("delta").GetRawText());
        Assert.Equal("stop", choices[^1].GetProperty("finish_reason").GetString());
        var texts = choices.Where(choice => choice.GetProperty("delta").TryGetProperty("content", out _)).Select(choice => choice.GetProperty("delta").GetProperty("content").GetString()!).ToList();
        Assert.Equal("You said: é😀. Then ", string.Concat(texts));
        Assert.DoesNotContain(texts, text => text.Contains('\ufffd', StringComparison.Ordinal));
        var counted = chunks.Where(chunk => chunk.TryGetProperty("usage", out _)).ToList();
        Assert.Equal(always ? chunks.Count : usage ? 1 : 0, counted.Count);
        if (usage)
        {
            Assert.Empty(chunks[^1].GetProperty("choices").EnumerateArray());
            Assert.Equal(24, chunks[^1].GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        }
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused_by_name()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --served-model-name m --kind chat --max-model-len 100");
        object[] hi = [User("Hi")];
        foreach (var (body, status, code, param) in new (object, int, string?, string?)[]
        {
            (new { messages = hi, model = "other" }, 404, "model_not_found", "model"),
            (new { messages = hi, n = 2 }, 400, "unsupported_value", "n"),
            (new { messages = hi, temperature = "hot" }, 400, "invalid_type", "temperature"),
            (new { messages = hi, temperature = 3 }, 400, "invalid_value", "temperature"),
            (new { messages = hi, max_tokens = 1.5 }, 400, "invalid_type", "max_tokens"),
            (new { messages = hi, max_tokens = true }, 400, "invalid_type", "max_tokens"),
            (new { messages = hi, max_tokens = 3_000_000_000 }, 400, "invalid_value", "max_tokens"),
            (new { messages = hi, seed = 1e300 }, 400, "invalid_value", "seed"),
            (new { messages = hi, stream = "yes" }, 400, "invalid_type", "stream"),
            (new { messages = hi, stop = new object[] { 1 } }, 400, "invalid_type", "stop"),
            (new { messages = hi, tools = new[] { new { type = "function" } } }, 400, "unsupported_parameter", "tools"),
            (new { messages = hi, response_format = new { type = "json_object" } }, 400, "unsupported_value", "response_format"),
            (new { messages = hi, logprobs = true }, 400, "unsupported_parameter", "logprobs"),
            (new { }, 400, "missing_required_parameter", "messages"),
            (new { messages = "Hi" }, 400, "invalid_type", "messages"),
            (new { messages = new[] { new { role = "nobody", content = "x" } } }, 400, "invalid_value", "messages[0].role"),
            (new { messages = new[] { new { role = "developer", content = "x" } } }, 400, "invalid_value", "messages"),
            (new { messages = new[] { User(new object[] { new { type = "image_url", image_url = new { url = RedPng } } }) } }, 400, "unsupported_value", "messages[0].content[0]"),
            (new { messages = new[] { User(new string('x', 200)) } }, 400, "context_length_exceeded", "messages"),
            (new { messages = new[] { User(new string('x', 200)) }, stream = true }, 400, "context_length_exceeded", "messages"),
            (new { messages = hi, max_tokens = 99 }, 400, "context_length_exceeded", "max_tokens"),
        })
        {
            var refusal = await server.RefusedAsync(Path, body);
            Assert.Equal((status, code, param), (refusal.Status, refusal.Code, refusal.Param));
        }

        var tooLong = await server.RefusedAsync(Path, new { messages = new[] { User(new string('x', 200)) } });
        Assert.Equal("This model's maximum context length is 100 tokens, and the messages have 206; shorten them.", tooLong.Message);
        foreach (var (json, code) in new[] { ("{", "invalid_json"), ("[]", "invalid_json"), ("\xff", "invalid_json"), ("""{"messages":[{"role":"user","content":"\ud83d"}]}""", "invalid_json"), (new string('[', 100_000), "invalid_json") })
        {
            Assert.Equal(code, (await ServerProcess.RefusalAsync(await server.SendAsync(Path, json))).Code);
        }

        var path = await server.RefusedAsync("/v1/completions", new { });
        Assert.Equal((404, "unsupported_operation", "The server 'transformers' has no /v1/completions; it has /v1/chat/completions."), (path.Status, path.Code, path.Message));
        Assert.Equal(405, (await ServerProcess.RefusalAsync(await server.Client.GetAsync(Path))).Status);
    }

    [Fact]
    public async Task An_error_of_the_library_is_told_without_its_words_and_one_of_the_gpu_ends_the_program()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --kind chat");
        var failed = await server.RefusedAsync(Path, new { messages = new[] { User("fail KeyError") } });
        Assert.Equal((500, "internal_error", "The model's library failed with KeyError; the server's log has the details."), (failed.Status, failed.Code, failed.Message));
        var full = await server.RefusedAsync(Path, new { messages = new[] { User("fail OutOfMemoryError") } });
        Assert.Equal((503, "out_of_memory", true), (full.Status, full.Code, full.SaysWhen));
        using (var stream = await server.SendAsync(Path, new { messages = new[] { User("fail KeyError") }, stream = true }))
        {
            Assert.Equal(500, (int)stream.StatusCode);
        }

        Assert.Equal("You said: Hi", Said(await server.AskAsync(Path, new { messages = new[] { User("Hi") } })));
        Assert.Equal("internal_error", (await server.RefusedAsync(Path, new { messages = new[] { User("fail CudaError") } })).Code);
        var (code, error) = await server.EndedAsync();
        Assert.Equal(1, code);
        Assert.Contains("transformers: The GPU failed, and nothing works in this process any more", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x/qwen --kind multimodal", "what?", "You said: [picture 2x3 (255, 0, 0)]what?")]
    [InlineData("x/janus --kind multimodal", "what?", "You said: [picture 2x3 (255, 0, 0)]what?")]
    [InlineData("x/got-ocr --kind multimodal", "", "You said: [picture 2x3]")]
    [InlineData("x/molmo --kind multimodal --trust-remote-code", "what?", "You said: [picture 2x3]what?")]
    [InlineData("x/moondream2 --kind multimodal --trust-remote-code", "what?", "what? about 2x3")]
    [InlineData("x/moondream2 --kind multimodal --trust-remote-code", "detect: cat", """{"objects": [{"x_min": 0.1, "label": "cat"}]}""")]
    [InlineData("x/florence --kind task-prompts --trust-remote-code", "<OD>", """{"labels": ["You said: <OD>"], "size": [2, 3]}""")]
    [InlineData("x/florence --kind task-prompts", "<CAPTION>", "You said: <CAPTION>")]
    public async Task Pictures_come_as_data(string model, string text, string answer)
    {
        await using var server = await ServerProcess.StartAsync("transformers --model " + model);
        Assert.Equal(answer, Said(await server.AskAsync(Path, Picture(RedPng, text))));
    }

    [Fact]
    public async Task A_picture_that_would_have_to_be_fetched_or_is_none_is_refused()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model x/qwen --kind multimodal");
        foreach (var (url, code) in new[]
        {
            ("http://127.0.0.1:1/cat.png", "unsupported_url"), ("file:///etc/passwd", "unsupported_url"), ("data:image/png,abc", "unsupported_url"),
            ("data:image/png;base64,§§", "invalid_url"), ("data:image/png;base64,", "invalid_url"), ("data:image/png;base64,aGVsbG8=", "invalid_image"),
        })
        {
            var refusal = await server.RefusedAsync(Path, Picture(url, "what?"));
            Assert.Equal((400, code, "messages[0].content[0].image_url.url"), (refusal.Status, refusal.Code, refusal.Param));
        }
    }

    [Theory]
    [InlineData("transformers --model google/flan --kind encoder-decoder")]
    [InlineData("custom --model facebook/bart --kind summarise")]
    public async Task Models_that_know_no_dialogue_read_the_last_message(string command)
    {
        await using var server = await ServerProcess.StartAsync(command);
        var answer = await server.AskAsync(Path, new { messages = new[] { User("first"), User("second") } });
        Assert.Equal(("You said: second", 6), (Said(answer), answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32()));
        Assert.Equal(400, (await server.RefusedAsync(Path, new { messages = new[] { new { role = "system", content = "x" } } })).Status);
    }

    [Fact]
    public async Task Embeddings_come_as_numbers_or_base64_and_as_short_as_the_model_allows()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model jinaai/jina --kind sentence-transformers");
        var answer = await server.AskAsync("/v1/embeddings", new { input = new[] { "abc", "b c" } });
        Gateway.OpenAiSchema.Load().Validate("CreateEmbeddingResponse", answer.GetRawText());
        Assert.Equal(4, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        var numbers = answer.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray();
        Assert.Equal(8, numbers.Length);
        Assert.Equal(1.0, numbers.Sum(number => number * number), 5);

        var encoded = await server.AskAsync("/v1/embeddings", new { input = "abc", encoding_format = "base64" });
        var bytes = Convert.FromBase64String(encoded.GetProperty("data")[0].GetProperty("embedding").GetString()!);
        Assert.Equal(numbers, Enumerable.Range(0, 8).Select(i => BitConverter.ToSingle(bytes, i * 4)));

        var cut = await server.AskAsync("/v1/embeddings", new { input = "abc", dimensions = 4 });
        var four = cut.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray();
        Assert.Equal((4, 1.0), (four.Length, Math.Round(four.Sum(number => number * number), 5)));

        foreach (var (body, code, param) in new (object, string, string)[]
        {
            (new { input = "abc", dimensions = 5 }, "invalid_value", "dimensions"),
            (new { input = new[] { 1, 2 } }, "unsupported_value", "input"),
            (new { input = new[] { "a", "" } }, "invalid_value", "input"),
            (new { }, "missing_required_parameter", "input"),
            (new { input = "abc", encoding_format = "hex" }, "invalid_value", "encoding_format"),
            (new { input = "abc", prompt_name = "none" }, "invalid_value", "prompt_name"),
        })
        {
            var refusal = await server.RefusedAsync("/v1/embeddings", body);
            Assert.Equal((400, code, param), (refusal.Status, refusal.Code, refusal.Param));
        }

        await using var fixedLength = await ServerProcess.StartAsync("transformers --model all/mpnet --kind sentence-transformers");
        Assert.Equal("unsupported_value", (await fixedLength.RefusedAsync("/v1/embeddings", new { input = "abc", dimensions = 4 })).Code);
    }

    private static object Picture(string url, string text) =>
        new { messages = new[] { User(new object[] { new { type = "image_url", image_url = new { url } }, new { type = "text", text } }) } };
}
