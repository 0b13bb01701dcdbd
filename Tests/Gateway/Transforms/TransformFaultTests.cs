using System.Text.Json;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>Transforms that give what is no answer: told as their field, and never as an answer.</summary>
public sealed class TransformFaultTests
{
    private const string Chat = """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""";

    private static string Provider(string url, string response = "response.text", string request = "{'q': request.turns[-1].text}", string chat = "", string more = "") =>
        $$"""
          kind: ModelProvider
          metadata: { name: own }
          spec:
            provider: custom
            endpoint: {{url}}
            models: [{ id: m, upstreamId: "a/b c" }, { id: e, modelType: embedding }, { id: i, modelType: image_generation }, { id: s, modelType: text_to_speech }]
            transforms:
          {{more}}
              chat:
                request:
                  path: /ask
                  body: |
                    {{request}}
                response:
                  body: |
                    {{response}}
          {{chat}}
          """;

    private static async Task<(ScriptedEngine Engine, GatewayWorld World)> StartAsync(Func<string, string> document, string answer = """{"text":"Hello","n":1.5,"list":[1],"map":{"a":1},"secret":"value-of-the-answer"}""")
    {
        var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        return (engine, await GatewayWorld.StartAsync(TransformPage.Compile(document(engine.Address))));
    }

    [Theory]
    [InlineData("response.nothing", "fails at 1:")]
    [InlineData("response.n", "gives a number; expected a text, null, or a map of content, ")]
    [InlineData("response.list", "gives a list; expected a text, null, or a map of content, ")]
    [InlineData("{'content': response.text, 'finish' + '_reson': 'stop'}", "gives a map with 'finish_reson'; expected content, reasoning, ")]
    [InlineData("{'content': response.list}", "gives a list as 'content'; expected a text or null")]
    [InlineData("{'content': '', 'finish_reason': 'eos' + '_token'}", "gives the finish_reason 'eos_token'; expected stop, length, tool_calls, content_filter or null")]
    [InlineData("{'usage': {'prompt_tokens': response.n}}", "gives a number as 'prompt_tokens'; expected a whole number from 0 on, or null")]
    [InlineData("{'usage': {'prompt_tokens': 0 - 1}}", "gives a number as 'prompt_tokens'; expected a whole number from 0 on, or null")]
    [InlineData("{'usage': {'tok' + 'ens': 1}}", "gives usage with 'tokens'; expected prompt_tokens, completion_tokens, cached_tokens, total_tokens")]
    [InlineData("{'usage': 2 + 1}", "gives a number as usage; expected ")]
    [InlineData("{'tool_calls': [{'arguments': {}}]}", "gives a call of a tool without 'name'")]
    [InlineData("{'tool_calls': [{'name': 'f', 'arguments': 2 + 1}]}", "gives a number as 'arguments'; expected a map or a text of JSON")]
    [InlineData("{'tool_calls': response.map}", "gives a map as 'tool_calls'; expected a list or null")]
    [InlineData("{'choices': 'x' + ''}", "gives a text as 'choices'; expected a list of at most 64")]
    [InlineData("{'choices': [2 + 1]}", "gives a number as a choice; expected ")]
    [InlineData("{'choices': [{'index': 60 + 4}]}", "gives the index 64; expected less than 64")]
    [InlineData("{0 + 1: 2}", "gives a map with '1'; expected ")]
    public async Task A_wrong_result_is_502_and_names_the_field(string response, string fault)
    {
        var (engine, world) = await StartAsync(url => Provider(url, response));
        await using var _ = engine;
        await using var __ = world;
        var error = await world.RefusedAsync(Chat);
        Assert.Equal((502, "upstream_error"), (error.Status, error.Code));
        Assert.Contains("The provider 'own' sent what its transform makes no answer of: spec.transforms.chat.response.body " + fault, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("value-of-the-answer", error.Message, StringComparison.Ordinal);
        using var streamed = await world.PostAsync(Chat.Replace("\"messages\"", "\"stream\":true,\"messages\"", StringComparison.Ordinal));
        Assert.Equal(502, (int)streamed.StatusCode);
    }

    [Fact]
    public async Task A_text_with_half_a_character_is_the_client_s_to_mend()
    {
        var (engine, world) = await StartAsync(url => Provider(url));
        await using var _ = engine;
        await using var __ = world;
        var error = await world.RefusedAsync(Chat.Replace("Hi", "\\ud83d", StringComparison.Ordinal));
        Assert.Equal((400, "invalid_json", "messages[0].content"), (error.Status, error.Code, error.Param));
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("{'i' + 'n': response.n}", "gives usage with 'in'; expected prompt_tokens, ")]
    [InlineData("{'prompt_tokens': 0 - 4}", "gives a number as 'prompt_tokens'; expected a whole number from 0 on, or null")]
    public async Task Usage_of_its_own_that_is_wrong_is_named_as_usage(string usage, string fault)
    {
        var (engine, world) = await StartAsync(url => Provider(url, chat: $"        usage: |\n          {usage}\n      stream: {{ format: ndjson, event: event.text, usage: \"{usage.Replace("response", "event", StringComparison.Ordinal)}\" }}"));
        await using var _ = engine;
        await using var __ = world;
        Assert.Contains("spec.transforms.chat.response.usage " + fault, (await world.RefusedAsync(Chat)).Message, StringComparison.Ordinal);
        engine.Script = http => ScriptedEngine.Json("{\"text\":\"a\",\"n\":1}\n")(http);
        Assert.Contains("spec.transforms.chat.stream.usage " + fault, (await world.RefusedAsync(Chat.Replace("\"messages\"", "\"stream\":true,\"messages\"", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
    }

    /// <summary>A server that is told of tools and not of this would call them, or not, as it likes.</summary>
    [Theory]
    [InlineData("\"tool_choice\":\"none\"", "tool_choice")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}", "tool_choice")]
    [InlineData("\"parallel_tool_calls\":false", "parallel_tool_calls")]
    [InlineData("\"tool_choice\":\"auto\",\"parallel_tool_calls\":true", null)]
    public async Task Which_tools_are_called_is_said_or_refused(string field, string? param)
    {
        var body = Chat.Replace("\"messages\"", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]," + field + ",\"messages\"", StringComparison.Ordinal);
        var (engine, world) = await StartAsync(url => Provider(url, request: "{'q': request.tools}"));
        await using var _ = engine;
        await using var __ = world;
        using var response = await world.PostAsync(body);
        Assert.Equal(param is null ? 200 : 400, (int)response.StatusCode);
        if (param is not null)
        {
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal(("unsupported_value", param), (error.Code, error.Param));
        }

        var (looking, world2) = await StartAsync(url => Provider(url, request: "{'q': request.tools, 'c': request.tool_choice, 'p': request.parallel_tool_calls}"));
        await using var ___ = looking;
        await using var ____ = world2;
        await world2.AskAsync(body);
    }

    [Fact]
    public async Task Whether_a_stream_is_asked_for_may_stand_in_a_path_and_in_a_header()
    {
        var (engine, world) = await StartAsync(url => Provider(url).Replace(
            "path: /ask", "path: \"/ask?nd={stream}\"\n        headers: { X-Stream: \"{stream}\" }", StringComparison.Ordinal));
        await using var _ = engine;
        await using var __ = world;
        await world.AskAsync(Chat);
        Assert.Equal(("?nd=false", "false"), (engine.Last.Query, engine.Last.Headers["X-Stream"]));
    }

    [Theory]
    [InlineData("dyn(request.turns[0].text)", "gives a text, expected a map or a list")]
    [InlineData("{'a': request.turns[3].text}", "fails at 1:")]
    [InlineData("{'a': request}", "fails at request has no form in JSON")]
    public async Task A_request_that_cannot_be_made_is_502_and_is_not_sent(string request, string fault)
    {
        var (engine, world) = await StartAsync(url => Provider(url, request: request));
        await using var _ = engine;
        await using var __ = world;
        var error = await world.RefusedAsync(Chat);
        Assert.Equal((502, "transform_failed"), (error.Status, error.Code));
        Assert.Contains("spec.transforms.chat.request.body " + fault, error.Message, StringComparison.Ordinal);
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task A_request_beyond_the_bounds_of_expressions_is_the_clients_matter()
    {
        var (engine, world) = await StartAsync(url => Provider(url, request: "{'q': request.turns.map(a, request.turns.map(b, a.text + b.text))}"));
        await using var _ = engine;
        await using var __ = world;
        var messages = string.Join(',', Enumerable.Repeat("""{"role":"user","content":"x"}""", 1_000));
        var error = await world.RefusedAsync($$"""{"model":"m","messages":[{{messages}}]}""");
        Assert.Equal((400, "request_too_complex"), (error.Status, error.Code));
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("")]
    [InlineData("{\"text\":\"Hello\"} trailing")]
    public async Task What_is_no_JSON_is_502(string answer)
    {
        var (engine, world) = await StartAsync(url => Provider(url), answer);
        await using var _ = engine;
        await using var __ = world;
        Assert.Contains("answered with what is not JSON", (await world.RefusedAsync(Chat)).Message, StringComparison.Ordinal);
        Assert.Equal(502, (await world.RefusedAsync(Chat.Replace("\"messages\"", "\"stream\":true,\"messages\"", StringComparison.Ordinal))).Status);
    }

    [Theory]
    [InlineData("true", 502, "gave no reason")]
    [InlineData("'broken'", 502, "broken")]
    [InlineData("{'message': 'wait', 'status': 429, 'code': 'slow_down'}", 429, "wait")]
    [InlineData("{'message': 'no', 'status': 400, 'param': 'q', 'type': 'bad'}", 400, "no")]
    [InlineData("{'message': 'x', 'status': 100 + 100}", 502, "spec.transforms.error gives the status 200; expected 400 to 599")]
    [InlineData("{'mass' + 'age': 'x'}", 502, "spec.transforms.error gives an error with 'massage'; expected message, status, code, type, param")]
    [InlineData("response.n", 502, "spec.transforms.error gives a number; expected null, a text or a map of message, status, code, type and param")]
    [InlineData("response.nothing", 502, "spec.transforms.error fails at 1:")]
    public async Task An_error_inside_a_200_is_what_its_expression_says(string expression, int status, string message)
    {
        var (engine, world) = await StartAsync(url => Provider(url, more: "    error: |\n      " + expression));
        await using var _ = engine;
        await using var __ = world;
        var error = await world.RefusedAsync(Chat);
        Assert.Equal(status, error.Status);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paths_and_headers_hold_the_model_and_nothing_of_the_request()
    {
        var (engine, world) = await StartAsync(url => Provider(url).Replace(
            "path: /ask", "path: \"/m/{model}/{stream ? 's' : 'w'}?v={model.size()}\"\n        method: PUT\n        headers: { X-Model: \"m={model}\", X-Fixed: on }", StringComparison.Ordinal));
        await using var _ = engine;
        await using var __ = world;
        await world.AskAsync(Chat);
        Assert.Equal(("/m/a/b%20c/w", "?v=5", "m=a/b c", "on"), (engine.Last.Path, engine.Last.Query, engine.Last.Headers["X-Model"], engine.Last.Headers["X-Fixed"]));
        Assert.Equal("""{"q":"Hi"}""", engine.Last.Body);
    }

    [Fact]
    public async Task An_error_that_says_nothing_is_none()
    {
        var (engine, world) = await StartAsync(url => Provider(url), """{"text":"Hello","error":""}""");
        await using var _ = engine;
        await using var __ = world;
        Assert.Equal("Hello", (await world.AskAsync(Chat)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("\"..\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    public async Task What_an_answer_puts_into_a_path_does_not_lead_out_of_its_place(string id)
    {
        var (engine, world) = await StartAsync(
            url => Provider(url, chat: "      job: { status: { path: \"/jobs/{job.id}\" }, cancel: { path: \"/jobs/{job.id}\", method: DELETE }, done: response.done }"), $$"""{"id":{{id}},"done":false}""");
        await using var _ = engine;
        await using var __ = world;
        Assert.Contains("spec.transforms.chat.job.status.path fails", (await world.RefusedAsync(Chat)).Message, StringComparison.Ordinal);
        Assert.All(engine.Requests, request => Assert.Equal("/ask", request.Path));
    }

    [Fact]
    public async Task A_path_of_a_job_holds_a_value_in_its_segment_and_the_result_may_lie_elsewhere()
    {
        var (engine, world) = await StartAsync(url => Provider(
            url, chat: "      job: { status: { path: \"/jobs/{job.id}\" }, result: { url: job.result }, done: response.done, interval: 100ms }"));
        await using var _ = engine;
        await using var __ = world;
        engine.Script = http => ScriptedEngine.Json((string?)http.Request.Path switch
        {
            "/ask" => """{"id":"a/../b?c","done":false,"result":"/results/7?x=1"}""",
            "/results/7" => """{"text":"Here"}""",
            _ => """{"done":true}""",
        })(http);
        Assert.Equal("Here", (await world.AskAsync(Chat)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(["/ask", "/jobs/a%2F..%2Fb%3Fc", "/results/7?x=1"], engine.Requests.Select(request => request.Path + request.Query));
    }

    [Fact]
    public async Task What_came_after_the_engines_last_count_is_added_to_it()
    {
        var (engine, world) = await StartAsync(url => Provider(url, chat: "      stream: { format: ndjson, event: event.t, usage: \"has(event.u) ? event.u : null\", done: has(event.end) }"));
        await using var _ = engine;
        await using var __ = world;
        engine.Script = http => ScriptedEngine.Json("{\"t\":\"a\",\"u\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n{\"t\":\"b\"}\n{\"t\":\"c\"}\n")(http); // and no end
        using var response = await world.PostAsync(Chat.Replace("\"messages\"", "\"stream\":true,\"messages\"", StringComparison.Ordinal), stream: true);
        await CutAnswer.ReadAsync(response);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((5L, 3L, true), (used.PromptTokens, used.CompletionTokens, used.Estimated));
    }

    [Fact]
    public async Task Another_provider_answers_what_a_transform_fails_at()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"text":"Hello"}"""));
        var document = TransformPage.Compile(
            Provider(engine.Address, "response.nothing").Replace("name: own", "name: a", StringComparison.Ordinal),
            Provider(engine.Address, request: "{'q': request.turns[9].text}").Replace("name: own", "name: b", StringComparison.Ordinal),
            Provider(engine.Address).Replace("name: own", "name: c", StringComparison.Ordinal));
        await using var world = await GatewayWorld.StartAsync(document);
        using var response = await world.PostAsync(Chat);
        Assert.Equal((200, "c"), ((int)response.StatusCode, response.Headers.GetValues("X-Orrery-Provider").Single()));
        Assert.Equal(2, engine.Requests.Count); // b cannot be asked, and nothing is sent to it.
    }

    [Fact]
    public async Task Several_answers_are_several_choices()
    {
        var (engine, world) = await StartAsync(url => Provider(url, "{'choices': response.all.map(t, {'content': t}), 'usage': {'prompt_tokens': 1, 'completion_tokens': 2}}", "{'n': request.n}"), """{"all":["a","b"]}""");
        await using var _ = engine;
        await using var __ = world;
        var body = Chat.Replace("\"messages\"", "\"n\":2,\"messages\"", StringComparison.Ordinal);
        var answer = await world.AskAsync(body);
        Assert.Equal(["0a", "1b"], answer.GetProperty("choices").EnumerateArray().Select(choice => $"{choice.GetProperty("index")}{choice.GetProperty("message").GetProperty("content")}"));
        var chunks = TransformWorld.Chunks(await world.StreamAsync(body.Replace("\"n\"", "\"stream\":true,\"n\"", StringComparison.Ordinal)));
        Assert.Equal("role=\"assistant\" content=\"a\" role=\"assistant\" content=\"b\" finish=stop finish=stop", TransformWorld.Told(chunks));
    }

    [Fact]
    public async Task What_the_gateway_bounds_and_what_is_not_OpenAIs_can_be_said()
    {
        var (engine, world) = await StartAsync(url => Provider(
            url, request: "{'limit': request.max_tokens, 'k': has(request.extra.top_k) ? request.extra.top_k : null, 'extra': request.extra, 'raw': request.messages}",
            more: "").Replace("spec:\n", "spec:\n  maxTokensPerRequest: 500\n", StringComparison.Ordinal));
        await using var _ = engine;
        await using var __ = world;
        await world.AskAsync("""{"model":"m","messages":[{"role":"user","content":"Hi"}],"top_k":40,"routing":{"fallback":true},"temperature":1,"store":false}""");
        var sent = JsonDocument.Parse(engine.Last.Body).RootElement;
        Assert.InRange(sent.GetProperty("limit").GetInt32(), 400, 499);
        Assert.Equal("""{"top_k":40}""", sent.GetProperty("extra").GetRawText());
        Assert.Equal(40, sent.GetProperty("k").GetInt32());
        Assert.Equal("""[{"role":"user","content":"Hi"}]""", sent.GetProperty("raw").GetRawText());
    }

    [Fact]
    public async Task Speech_is_sent_on_as_it_comes_and_JSON_is_none()
    {
        var (engine, world) = await StartAsync(url => Provider(url).Replace("    chat:", "    speech:", StringComparison.Ordinal)
            .Replace("request.turns[-1].text", "request.input", StringComparison.Ordinal)[..^0] is var document ? document[..document.IndexOf("      response:", StringComparison.Ordinal)] : "");
        await using var _ = engine;
        await using var __ = world;
        engine.Script = async http =>
        {
            http.Response.ContentType = "audio/wav";
            await http.Response.Body.WriteAsync(new byte[] { 1, 2, 3 });
        };
        using var response = await world.PostAsync("""{"model":"s","input":"Hi","voice":"a"}""", "/v1/audio/speech");
        Assert.Equal("audio/wav", response.Content.Headers.ContentType!.ToString());
        Assert.Equal([1, 2, 3], await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("""{"q":"Hi"}""", engine.Last.Body);
        engine.Script = ScriptedEngine.Json("""{"error":"no such voice"}""");
        Assert.Contains("no such voice", (await world.RefusedAsync("""{"model":"s","input":"Hi","voice":"b"}""", "/v1/audio/speech")).Message, StringComparison.Ordinal);
        engine.Script = ScriptedEngine.Json("{}");
        Assert.Equal(502, (await world.RefusedAsync("""{"model":"s","input":"Hi","voice":"b"}""", "/v1/audio/speech")).Status);
    }
}
