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
        Assert.Contains("'seed'", errors[0].Expectation, StringComparison.Ordinal);
        Assert.Contains("at line 16, column ", errors[0].Expectation, StringComparison.Ordinal);
        Assert.Equal(LineOf(document, "body: |"), errors[0].Line);
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

    private static int LineOf(string document, string text) => document[..document.IndexOf(text, StringComparison.Ordinal)].Count(c => c == '\n') + 1;
}
