using Orrery.Tests.Gateway.Transforms;

namespace Orrery.Tests.Contracts.Transforms;

/// <summary>What is wrong with transforms is told when they are applied: the field, its place in the text, and the place in the expression.</summary>
public sealed class TransformRulesTests
{
    [Fact]
    public void The_pages_examples_are_accepted() => Assert.All(TransformPage.Examples.Values, example => Assert.Empty(TransformPage.Refused(example)));

    [Fact]
    public void Each_mistake_of_an_expression_is_told_with_line_and_column()
    {
        var document = TransformPage.Examples["ollama"]
            .Replace("'seed': request.seed", "'seed': request.sed", StringComparison.Ordinal)
            .Replace("body: response.embeddings", "body: response.embeddings +", StringComparison.Ordinal);
        var errors = TransformPage.Refused(document);
        Assert.Equal(["spec.transforms.chat.request.body", "spec.transforms.embeddings.response.body"], errors.Select(error => error.Path));
        Assert.Equal("Did you mean 'seed'?", errors[0].Remedy);
        Assert.Contains("at line 16, column ", errors[0].Expectation, StringComparison.Ordinal);
        Assert.Equal(PlaceOf(document, "request.", "sed"), (errors[0].Line, errors[0].Column));
        Assert.Equal(LineOf(document, "body: response.embeddings +"), errors[1].Line);
    }

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "engine: custom", "engine: openai", "spec.transforms" },
        { "path: /api/chat", "path: api/chat", "spec.transforms.chat.request.path" },
        { "path: /api/chat", "path: /api/../admin", "spec.transforms.chat.request.path" },
        { "path: /api/chat", "path: /api//chat", "spec.transforms.chat.request.path" },
        { "path: /api/chat", "path: \"/api/{model\"", "spec.transforms.chat.request.path" },
        { "path: /api/chat", "path: \"/api/{request.user}\"", "spec.transforms.chat.request.path" },
        { "path: /api/chat", "path: /api/chat\n        method: GET", "spec.transforms.chat.request.method" },
        { "path: /api/chat", "path: /api/chat\n        headers: { Authorization: x }", "spec.transforms.chat.request.headers.Authorization" },
        { "path: /api/chat", "path: /api/chat\n        headers: { Host: x }", "spec.transforms.chat.request.headers.Host" },
        { "format: ndjson", "format: lines", "spec.transforms.chat.stream.format" },
        { "done: event.done", "done: \"'a'\"", "spec.transforms.chat.stream.done" },
        { "done: event.done", "done: response.done", "spec.transforms.chat.stream.done" },
        { "      response:\n        body: response.embeddings\n        usage: |\n          {'prompt_tokens': response.prompt_eval_count}\n", "", "spec.transforms.embeddings.response" },
        { "    embeddings:", "    speech:", "spec.transforms.speech.response" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Each_mistake_names_its_field(string right, string wrong, string path)
    {
        var document = TransformPage.Examples["ollama"];
        Assert.Contains(right, document, StringComparison.Ordinal);
        Assert.Contains(path, TransformPage.Refused(document.Replace(right, wrong, StringComparison.Ordinal)).Select(error => error.Path));
    }

    public static TheoryData<string, string, string> JobMistakes => new()
    {
        { "status: { url: job.urls.get }", "status: { }", "spec.transforms.chat.job.status" },
        { "status: { url: job.urls.get }", "status: { url: job.urls.get, path: /x }", "spec.transforms.chat.job.status" },
        { "status: { url: job.urls.get }", "status: { url: job.urls.get, method: HEAD }", "spec.transforms.chat.job.status.method" },
        { "status: { url: job.urls.get }", "status: { url: request.urls.get }", "spec.transforms.chat.job.status.url" },
        { "interval: 500ms", "interval: 50ms", "spec.transforms.chat.job.interval" },
        { "interval: 500ms", "interval: 2m", "spec.transforms.chat.job.interval" },
        { "interval: 500ms", "interval: 500ms\n      stream: { format: sse, event: event.text }", "spec.transforms.chat.stream" },
    };

    [Theory]
    [MemberData(nameof(JobMistakes))]
    public void Each_mistake_of_a_job_names_its_field(string right, string wrong, string path)
    {
        var document = TransformPage.Examples["replicate"];
        Assert.Contains(right, document, StringComparison.Ordinal);
        Assert.Contains(path, TransformPage.Refused(document.Replace(right, wrong, StringComparison.Ordinal)).Select(error => error.Path));
    }

    [Fact]
    public void The_engine_custom_needs_transforms()
    {
        var error = Assert.Single(TransformPage.Refused("kind: ModelProvider\nmetadata: { name: x }\nspec: { provider: custom, endpoint: \"http://h\", models: [{ id: m }] }"));
        Assert.Equal("spec.transforms", error.Path);
        Assert.StartsWith("A server that speaks OpenAI's API needs none: engine: openai.", error.Remedy, StringComparison.Ordinal);
        Assert.Equal("spec.transforms", Assert.Single(TransformPage.Refused("kind: ModelProvider\nmetadata: { name: x }\nspec: { provider: custom, endpoint: \"http://h\", models: [{ id: m }], transforms: {} }")).Path);
    }

    [Fact]
    public void A_server_of_videos_alone_needs_none() => Assert.Empty(TransformPage.Refused(
        "kind: ModelProvider\nmetadata: { name: x }\nspec: { provider: custom, endpoint: \"http://h\", models: [{ id: v, modelType: video_generation }], videos: { create: /make } }"));

    [Fact]
    public void Transforms_without_their_engine_have_a_remedy() => Assert.StartsWith(
        "Write engine: custom",
        TransformPage.Refused(TransformPage.Examples["ollama"].Replace("engine: custom", "engine: vllm", StringComparison.Ordinal)).Single(error => error.Path == "spec.transforms").Remedy,
        StringComparison.Ordinal);

    [Fact]
    public void Mistakes_beside_one_another_are_told_at_once()
    {
        var document = TransformPage.Examples["replicate"]
            .Replace("interval: 500ms", "interval: 500ms\n      stream: { format: sse, event: event.text }", StringComparison.Ordinal)
            .Replace("{ url: job.urls.get }", "{ url: jb.urls.get }", StringComparison.Ordinal);
        Assert.Subset(
            TransformPage.Refused(document).Select(error => error.Path).ToHashSet(),
            new HashSet<string> { "spec.transforms.chat.stream", "spec.transforms.chat.job.status.url", "spec.transforms.images.job.status.url" });
    }

    public static TheoryData<string, string, string, string> WrongResults => new()
    {
        { "body: response.embeddings", "body: \"{'embedings': response.embeddings}\"", "spec.transforms.embeddings.response.body", "one of embeddings, usage" },
        { "body: response.embeddings", "body: \"'text'\"", "spec.transforms.embeddings.response.body", "a list of vectors, or a map of embeddings and usage" },
        { "{'prompt_tokens': response.prompt_eval_count}", "{'in': 4}", "spec.transforms.embeddings.response.usage", "one of prompt_tokens, completion_tokens, cached_tokens, total_tokens" },
        { "{'prompt_tokens': response.prompt_eval_count}", "{'prompt_tokens': -4}", "spec.transforms.embeddings.response.usage", "a whole number from 0 on, or null" },
        { "{'prompt_tokens': response.prompt_eval_count}", "{'prompt_tokens': '4'}", "spec.transforms.embeddings.response.usage", "a whole number from 0 on, or null" },
        { "event.done ? {'prompt_tokens': ", "event.done ? {'prompt_token': ", "spec.transforms.chat.stream.usage", "one of prompt_tokens, " },
    };

    [Theory]
    [MemberData(nameof(WrongResults))]
    public void What_can_be_no_result_is_found_when_it_is_applied(string right, string wrong, string path, string expectation)
    {
        var document = TransformPage.Examples["ollama"];
        Assert.Contains(right, document, StringComparison.Ordinal);
        var error = Assert.Single(TransformPage.Refused(document.Replace(right, wrong, StringComparison.Ordinal)), error => error.Path == path);
        Assert.StartsWith(expectation, error.Expectation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'contnt': response.reply}", "one of content, reasoning, refusal, tool_calls, finish_reason, index, usage at line 1, column 2", "Did you mean 'content'?")]
    [InlineData("response.ok ? {'text': response.reply} : null", "one of content, ", null)]
    [InlineData("{'content': 'x', 'finish_reason': 'done'}", "stop, length, tool_calls, content_filter or null", null)]
    [InlineData("{'content': 3}", "a text or null", null)]
    [InlineData("{'content': response.ok ? response.reply : ['a']}", "a text or null", null)]
    [InlineData("{'usage': {'tokens': 1}}", "one of prompt_tokens, ", null)]
    [InlineData("{'usage': {'prompt_tokens': 1.5}}", "a whole number from 0 on, or null", null)]
    [InlineData("{'tool_calls': [{'nme': 'f'}]}", "one of id, type, name, arguments, function, index", "Did you mean 'name'?")]
    [InlineData("{'choices': [{'content': 'a', 'usage': null}]}", "one of content, reasoning, refusal, tool_calls, finish_reason, index at line", null)]
    [InlineData("{'choices': 'x'}", "a list", null)]
    [InlineData("{1: 2}", "one of content, ", null)]
    [InlineData("response.a == response.b", "a text, null, or a map of content, ", null)]
    [InlineData("[response.a]", "a text, null, or a map of content, ", null)]
    public void What_can_be_no_answer_of_a_chat_is_found_when_it_is_applied(string body, string expectation, string? remedy)
    {
        var error = Assert.Single(TransformPage.Refused(Small(body)));
        Assert.Equal("spec.transforms.chat.response.body", error.Path);
        Assert.StartsWith(expectation, error.Expectation, StringComparison.Ordinal);
        Assert.Equal(remedy, error.Remedy);
    }

    [Theory]
    [InlineData("{response.key: response.reply}")]
    [InlineData("{'content': null, 'tool_calls': response.calls, 'finish_reason': response.why, 'index': 0, 'usage': response.usage}")]
    [InlineData("{'tool_calls': [{'name': response.f, 'arguments': {'a': 1}, 'function': response.x}], 'finish_reason': response.ok ? 'stop' : null}")]
    [InlineData("{'choices': [response.a, 'b', {'content': response.c, 'finish_reason': 'length'}], 'usage': {'prompt_tokens': response.n + 1.0, 'total_tokens': 2.0}}")]
    [InlineData("response.ok ? dyn({'content': 'a'}) : 'b'")]
    [InlineData("null")]
    public void What_may_be_an_answer_is_taken(string body) => Assert.Empty(TransformPage.Refused(Small(body)));

    [Theory]
    [InlineData("/talk?nd={stream}", null)]
    [InlineData("/talk/{model}/{model.size()}/{1.5}", null)]
    [InlineData("/talk/{model.split('/')}", "a text, a number, true or false; this is of type list(string)")]
    [InlineData("/talk/{null}", "a text, a number, true or false; this is of type null_type")]
    public void What_cannot_stand_in_a_path_is_found_when_it_is_applied(string path, string? expectation)
    {
        var errors = TransformPage.Refused(Small("response.x").Replace("/ask", path, StringComparison.Ordinal));
        Assert.Equal(expectation is null ? [] : [expectation], errors.Select(error => error.Expectation));
    }

    [Theory]
    [InlineData("{'a': request.top_k}", "What is none of OpenAI's fields is in extra: has(request.extra.top_k) ? request.extra.top_k : null.")]
    [InlineData("{max: request.max_tokens}", "Keys are written in quotes: 'max'.")]
    [InlineData("{'a': 1,\n            max: request.max_tokens}", "Keys are written in quotes: 'max'.")]
    [InlineData("{'a': request.user ?? 'x'}", "There is no '??'. Write a == null ? b : a, or has(a.name) ? a.name : b.")]
    [InlineData("{'a': request.turns.map(t => t.text)}", "There are no arrows. Write list.map(x, x.name), list.filter(x, x.size > 1).")]
    [InlineData("{'a': stream and stream}", "Write &&.")]
    [InlineData("{'a': model.upper()}", "Did you mean 'upperAscii'?")]
    [InlineData("{'a': request.trns}", "Did you mean 'turns'?")]
    public void What_is_written_in_other_languages_is_told_as_it_is_written_here(string body, string remedy) =>
        Assert.Equal(remedy, TransformPage.Refused(Small("response.x", body))[0].Remedy);

    [Fact]
    public void A_mistake_is_told_where_it_stands_in_the_document()
    {
        var document = Small("response.x", "{\n              'a': request.modl,\n              'b': request.usr\n            }").Replace("/ask", "\"/a/{modl}\"", StringComparison.Ordinal);
        var errors = TransformPage.Refused(document);
        Assert.Equal(
            [PlaceOf(document, "/a/{", "modl"), PlaceOf(document, "request.", "modl"), PlaceOf(document, "request.", "usr")],
            errors.Select(error => (error.Line, error.Column)));
    }

    /// <summary>A provider with the expression for its answer, and the one for its request.</summary>
    private static string Small(string response, string request = "{'q': request.turns[-1].text}") =>
        $$"""
          kind: ModelProvider
          metadata: { name: own }
          spec:
            provider: custom
            endpoint: http://own:1
            models: [{ id: m }]
            transforms:
              chat:
                request:
                  path: /ask
                  body: |
                    {{request}}
                response:
                  body: |
                    {{response}}
          """;

    /// <summary>Where a text stands, after what stands before it.</summary>
    private static (int? Line, int? Column) PlaceOf(string document, string before, string text)
    {
        var at = document.IndexOf(before + text, StringComparison.Ordinal) + before.Length;
        return (document[..at].Count(letter => letter == '\n') + 1, at - document.LastIndexOf('\n', at));
    }

    private static int LineOf(string document, string text) => document[..document.IndexOf(text, StringComparison.Ordinal)].Count(c => c == '\n') + 1;
}
