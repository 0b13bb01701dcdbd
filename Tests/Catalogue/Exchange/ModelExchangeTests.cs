using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Api;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Exchange;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Exchange;

/// <summary>Entries as other catalogues have them: JSON, YAML and a JavaScript literal say the same.</summary>
public sealed class ModelExchangeTests
{
    private const string Script = """
        // Our fine-tune.
        export const model = {
          id: 'llama-acme-8b',
          name: "Llama Acme 8B",
          description: 'Our fine-tune',
          category: 'llm',
          provider: 'Acme',
          modelType: 'chat',
          engine: 'vllm',
          dockerfile: `FROM vllm/vllm-openai:v0.16.0
        ENV HF_HOME=/models
        CMD ["--model", "acme/llama", "--port", "8000"]
        `,
          defaultPort: 8000,
          defaultResources: { cpu: '4000m', memory: '16Gi', gpu: 1, disk: '50Gi' },
          recommendedInstance: 'g5.xlarge',
          tags: ['llama', 'fine-tune'],
          modelSize: '14GB',
          documentation: `# Llama Acme
        Use it for \`everything\`.`,
        };
        """;

    [Fact]
    public void A_script_a_JSON_and_a_YAML_text_are_the_same_entry()
    {
        var entry = Assert.Single(Read(Script));
        var spec = entry.Spec;
        Assert.Equal(("llama-acme-8b", "Acme", "llm", "14GB", "4000m", "16Gi", 1, "50Gi", "g5.xlarge"), (
            spec.Id, spec.Vendor, spec.EffectiveCategory, $"{spec.Weights}", spec.DefaultResources!.Cpu, $"{spec.DefaultResources.Memory}", spec.DefaultResources.Gpu, $"{spec.DefaultResources.Disk}",
            spec.RecommendedInstance));
        Assert.StartsWith("FROM vllm/vllm-openai:v0.16.0\nENV HF_HOME=/models\n", spec.Dockerfile, StringComparison.Ordinal);
        Assert.EndsWith("Use it for `everything`.", spec.Documentation, StringComparison.Ordinal);

        var written = ModelExchange.Write(entry, spec.Dockerfile, spec.DefaultResources);
        Assert.Equal(["id", "name", "description", "category", "provider", "modelType", "engine", "dockerfile", "defaultPort", "defaultResources", "recommendedInstance", "tags", "modelSize", "documentation"], written.Select(pair => pair.Key));
        foreach (var text in (string[])[written.ToJsonString(), YamlText.Write(written), $"export default {JavaScriptText.Write(written)};"])
        {
            Assert.Equal(Json(spec with { DefaultPort = 8000 }), Json(Assert.Single(Read(text)).Spec));
        }
    }

    [Fact]
    public void Every_built_in_entry_survives_each_form()
    {
        var list = new JsonArray([.. BuiltInEntries.All.Select(entry => ModelExchange.Write(entry, "FROM a:1\nCMD [\"x\"]\n", ModelAnswer.Resources(entry.Spec, entry.Recommended)))]);
        var expected = BuiltInEntries.All.Select(entry => entry.Spec.Id).ToList();
        var ofJson = Read(list.ToJsonString());
        Assert.Equal(expected, ofJson.Select(entry => entry.Id));
        Assert.Equal(ofJson.Select(entry => Json(entry.Spec)), Read(YamlText.Write(list)).Select(entry => Json(entry.Spec)));
        Assert.Equal(ofJson.Select(entry => Json(entry.Spec)), Read("module.exports = " + JavaScriptText.Write(list)).Select(entry => Json(entry.Spec)));
        Assert.All(ofJson.Zip(BuiltInEntries.All), pair => Assert.Equal(
            (pair.Second.Spec.Vendor, pair.Second.Spec.Weights, pair.Second.Spec.Licence, pair.Second.Spec.Architecture), (pair.First.Spec.Vendor, pair.First.Spec.Weights, pair.First.Spec.Licence, pair.First.Spec.Architecture)));
    }

    [Theory]
    [InlineData("{ id: 'a', modelType: 'chat', engine: 'vllm', repo: 'a/b', modelSize: 'big' }", "modelSize", 1, "a size such as 14GB")]
    [InlineData("{ id: 'a', modelType: process.env.TYPE }", "modelType", 1, "")]
    [InlineData("[{ id: 'a', modelType: 'chat' },\n { id: 'b', modelType: 'talk' }]", "modelType", 2, "one of chat")]
    [InlineData("", "", null, "at least one entry")]
    [InlineData("- id: a\n  modelType: chat\n  provider: 7", "provider", 3, "a text")]
    [InlineData("kind: AccessKey\nmetadata: { name: a }\nspec: { role: user }", "kind", 1, "Model, or an entry by itself, without kind")]
    [InlineData("kind: Model\napiVersion: foo/v9\nmetadata: { name: a }\nspec: { id: a, modelType: chat }", "apiVersion", 2, "one of orrery.dev/v1")]
    [InlineData("kind: Model\nmetadata: 12\nspec: { id: a, modelType: chat }", "metadata", 2, "a mapping with")]
    [InlineData("kind: Model\nmetadata: { name: A_B }\nspec: { id: a, modelType: chat }", "metadata.name", 2, "")]
    [InlineData("kind: Model\nmetadata: { name: a }\nbogus: 1\nspec: { id: a, modelType: chat }", "bogus", 3, "a known field: apiVersion")]
    [InlineData("id: export\nmodelType: chat", "id", 1, "an id that can be part of an address")]
    [InlineData("id: a/../b\nmodelType: chat", "id", 1, "an id that can be part of an address")]
    [InlineData("{ id: 'a', modelType: 'chat', engine: ENGINE }", "engine", 1, "a plain value")]
    [InlineData("const base = 'x';\nmodule.exports = [{ id: 'a', modelType: 'chat' }]", "", 1, "an object literal")]
    public void Faults_are_told_in_the_authors_words(string text, string path, int? line, string expectation)
    {
        var errors = new FieldErrorList();
        ModelExchange.Read(Encoding.UTF8.GetBytes(text), errors);
        var error = errors.All.First(error => error.Path == path || path.Length == 0);
        Assert.Equal(line, error.Line);
        Assert.Contains(expectation, error.Expectation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{id: acme-8b, modelType: chat, weights: 2GB}", "acme-8b")]
    [InlineData("[{id: acme-8b, modelType: chat}, {id: b, modelType: embedding}]", "acme-8b b")]
    [InlineData("{kind: Model, metadata: {name: q}, spec: {id: Org/A, modelType: chat, arguments: {--enable-prefix-caching: true}}}", "Org/A")]
    public void YAML_in_flow_style_is_YAML(string text, string ids) => Assert.Equal(ids, string.Join(' ', Read(text).Select(entry => entry.Id)));

    [Fact]
    public void Large_whole_numbers_and_odd_names_survive_each_form()
    {
        var tree = JsonNode.Parse("""{ "id": "x", "modelType": "chat", "engine": "vllm", "arguments": { "--seed": 9007199254740993, "--min": -9223372036854775808, "--x": { "__proto__": { "a": 1 }, "\n": 2 } } }""")!;
        foreach (var text in (string[])[tree.ToJsonString(), YamlText.Write(tree), $"export default {JavaScriptText.Write(tree)};"])
        {
            Assert.True(JsonNode.DeepEquals(tree["arguments"], JsonSerializer.SerializeToNode(Assert.Single(Read(text)).Spec, ContractsJson.Default.ModelSpec)!["arguments"]), text);
        }
    }

    [Theory]
    [InlineData("//\n")]
    [InlineData("/**/")]
    [InlineData("{}\n---\n")]
    [InlineData("[],")]
    public void A_text_that_is_long_is_read_in_the_time_of_its_length(string piece)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, 900_000 / piece.Length)) + "{}");
        var clock = Stopwatch.GetTimestamp();
        ModelExchange.Read(text, new FieldErrorList());
        Assert.InRange(Stopwatch.GetElapsedTime(clock).TotalSeconds, 0, 20);
    }

    [Theory]
    [InlineData("Qwen2.5_VL/7B", "qwen2-5-vl-7b")]
    [InlineData("モデル", "model-94591749")]
    public void An_id_becomes_a_name(string id, string name) => Assert.Equal(name, ExchangeApi.NameOf(id));

    private static IReadOnlyList<Entry> Read(string text)
    {
        var errors = new FieldErrorList();
        var entries = ModelExchange.Read(Encoding.UTF8.GetBytes(text), errors);
        Assert.Empty(errors.All);
        return entries;
    }

    private static string Json(ModelSpec spec) => JsonSerializer.Serialize(spec, ContractsJson.Default.ModelSpec);
}
