using System.Net;
using System.Text.Json.Nodes;

namespace Orrery.Tests.Catalogue;

/// <summary>Questions about models as people write them, and what a namespace's word over a built-in entry changes.</summary>
public sealed class ModelQuestionsTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await CatalogueReplica.StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task Letters_case_does_not_matter_to_a_filter()
    {
        (string Loose, string Exact)[] pairs =
        [
            ("category=LLM", "category=llm"), ("type=Chat", "type=chat"), ("engine=VLLM", "engine=vllm"), ("modality=IMAGE", "modality=image"), ("served=FALSE", "served=false"),
            ("minParameters=7b", "minParameters=7B"), ("fits=24gb:1", "fits=24GB:1"), ("fits=24gib:1", "fits=24GiB:1"), ("fits=L4", "fits=l4"), ("licence=mit", "licence=MIT"),
        ];
        foreach (var (loose, exact) in pairs)
        {
            Assert.Equal((exact, (int)(await Get($"/models?{exact}&limit=1"))["total"]!), (exact, (int)(await Get($"/models?{loose}&limit=1"))["total"]!));
        }

        Assert.Contains("did you mean 'chat'?", (await _catalogue.Get("/models?type=chatt")).Expect(HttpStatusCode.BadRequest).Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3-8")]
    [InlineData("Qwen3-8B")]
    [InlineData("Qwen/Qwen3-8B")]
    [InlineData("Qwen3-8B/dockerfile")]
    public async Task Who_nearly_names_a_model_is_told_which(string name) =>
        Assert.Contains("did you mean 'qwen3-8b'?", (await _catalogue.Get("/models/" + name)).Expect(HttpStatusCode.NotFound).Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

    [Fact]
    public async Task A_licence_is_called_by_its_name() => Assert.Equal("MIT", (string?)(await Get("/licences/mit"))["id"]);

    [Fact]
    public async Task Another_namespaces_models_are_there_for_who_reaches_it()
    {
        (await _catalogue.Apply("{kind: Model, metadata: {name: theirs, namespace: acme}, spec: {id: theirs, modelType: chat}}")).ExpectOk();
        Assert.Equal(1, (int)(await Get("/models?q=theirs&namespace=acme"))["total"]!);
        Assert.Equal(0, (int)(await Get("/models?q=theirs"))["total"]!);
        Assert.NotEmpty((await Get("/fit?gpu=l4&namespace=acme"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_window_that_is_given_to_a_built_in_model_holds_everywhere()
    {
        const string Governing = "{{kind: Model, metadata: {{name: q}}, spec: {{id: qwen3-8b, modelType: chat, contextWindow: {0}}}}}";
        Assert.Contains("at most what the Catalogue's entry 'qwen3-8b' has, 40960", (await _catalogue.Apply(string.Format(null, Governing, 999_999))).Expect(HttpStatusCode.BadRequest).Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        (await _catalogue.Apply(string.Format(null, Governing, 8_192))).ExpectOk();
        Assert.Equal(8_192, (int)(await Get("/models/qwen3-8b"))["contextWindow"]!);
        Assert.Equal(8_192, (int)(await Get("/models/qwen3-8b/fit?gpu=l4"))["items"]![0]!["context"]!);
        Assert.Contains("\"--max-model-len\", \"8192\"", (await _catalogue.Get("/models/qwen3-8b/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.DoesNotContain((await Get("/models?q=qwen3-8b&minContext=20000"))["items"]!.AsArray(), model => (string?)model!["id"] == "qwen3-8b");
    }

    [Theory]
    [InlineData("id: Qwen3-8B, modelType: chat", "spec.id")]
    [InlineData("id: mine, modelType: chat, aliases: [Kokoro-82M]", "spec.aliases[0]")]
    [InlineData("id: mine/x, modelType: chat, engine: custom, dockerfile: \"FROM a:1\"", "spec.id")]
    [InlineData("id: mine, modelType: chat, licence: \" \"", "spec.licence")]
    public async Task Names_that_would_be_taken_for_others_are_refused(string spec, string path)
    {
        var answer = (await _catalogue.Apply($"{{kind: Model, metadata: {{name: mine}}, spec: {{{spec}}}}}")).Expect(HttpStatusCode.BadRequest);
        Assert.Equal([path], answer.Json["errors"]!.AsArray().Select(error => (string?)error!["path"]));
    }

    [Fact]
    public async Task The_code_in_a_folder_of_the_cache_can_be_accepted()
    {
        (await _catalogue.Apply("{kind: LicenceAcceptance, metadata: {name: a}, spec: {remoteCode: /models/my/hun}}")).ExpectOk();
        (await _catalogue.Apply("{kind: LicenceAcceptance, metadata: {name: b}, spec: {remoteCode: /models/../hun}}")).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Apply("{kind: LicenceAcceptance, metadata: {name: c}, spec: {licence: \" \", text: x}}")).Expect(HttpStatusCode.BadRequest);
    }

    private async Task<JsonNode> Get(string path) => (await _catalogue.Get(path)).ExpectOk().Json;
}
