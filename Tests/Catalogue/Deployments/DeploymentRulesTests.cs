using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Deployments;

/// <summary>What a deployment may not say, and what its own words make of the licence gate and of the arithmetic.</summary>
public sealed class DeploymentRulesTests(PostgresServer postgres)
{
    private const string Own = """
        "id":"acme-chat","modelType":"chat","engine":"vllm","repo":"acme/chat","licence":"Apache-2.0","parameters":"8B","weights":"16GB","dtype":"bf16","contextWindow":4096
        """;

    /// <summary>One catalogue for all of a table: nothing is stored.</summary>
    [Fact]
    public async Task What_goes_behind_the_gate_or_the_fields_is_refused_with_the_place_for_it()
    {
        (string Spec, string Fault)[] cases =
        [
            (WithEntry(Own), ""),
            (""" "model":"qwen3-8b","arguments":{"--max-num-seqs":16,"--enable-prefix-caching":false,"--gpu-memory-utilization":0.8}""", ""),

            // Another's name, another's weights.
            (WithEntry("""{"id":"hunyuan-a13b-instruct","modelType":"chat","engine":"vllm","repo":"tencent/Hunyuan-A13B-Instruct","licence":"MIT","weights":"16GB","dtype":"bf16"}"""), "Licence Tencent-Hunyuan-A13B (acceptance): The Catalogue's entry 'hunyuan-a13b-instruct'"),
            (WithEntry(Own).Replace("acme-chat", "qwen3-8b", StringComparison.Ordinal), "spec.entry.id is 'qwen3-8b': expected an id or alias that no entry has"),
            (WithEntry(Own).Replace("acme-chat", "QWEN3-8b", StringComparison.Ordinal), "spec.entry.id is 'QWEN3-8b': expected an id or alias that no entry has"),
            (Arguments(""" "--speculative-config":{"model":"mistralai/Codestral-22B-v0.1","num_speculative_tokens":3}"""), "Licence MNPL-0.1 (acceptance): The Catalogue's entry 'codestral-22b'"),
            (Arguments(""" "--speculative-config":"{\"model\": \"mistralai\\u002fCodestral-22B-v0.1\"}" """), "Licence MNPL-0.1 (acceptance)"),
            (Arguments(""" "--lora-modules":["x=mistralai/Codestral-22B-v0.1"]"""), "Licence MNPL-0.1 (acceptance)"),
            (Arguments(""" "--tokenizer":"mistralai/Codestral-22B-v0.1" """), "Licence MNPL-0.1 (acceptance)"),
            (""" "model":"qwen3-8b","command":["vllm","serve","mistralai/Codestral-22B-v0.1"]""", "Licence MNPL-0.1 (acceptance)"),
            (WithEntry("""{"id":"a","modelType":"chat","engine":"vllm","repo":"a/b","licence":"MIT","weights":"16GB","dtype":"bf16","arguments":{"--hf-config-path":"mistralai/Codestral-22B-v0.1"}}"""), "Licence MNPL-0.1 (acceptance)"),
            (Arguments(""" "--speculative-config":{"model":"acme/draft","num_speculative_tokens":3}"""), "spec.arguments.--speculative-config names acme/draft, of whose licence the catalogue knows nothing. Declare it with the model"),
            (Arguments(""" "--tokenizer":"acme/tokens" """), "spec.arguments.--tokenizer names acme/tokens"),
            (Arguments(""" "--lora-modules":"x=acme/lora" """), "spec.arguments.--lora-modules names acme/lora, of whose licence the catalogue knows nothing. Name it in spec.adapters."),
            (Arguments(""" "--tokenizer":"/models/own/tokens" """), ""),
            (Arguments(""" "--model":"tencent/Hunyuan-A13B-Instruct" """), "Say it in spec.model, or in spec.weights"),

            // Code out of a repository.
            (Arguments(""" "--trust-remote-code":true"""), "Remote code of Qwen/Qwen3-8B (acceptance)"),
            (""" "model":"qwen3-8b","command":["vllm","serve","Qwen/Qwen3-8B","--trust-remote-code"]""", "Remote code of Qwen/Qwen3-8B (acceptance)"),
            (""" "model":"molmo2-8b","weights":{"path":"my/molmo"}""", "apply a LicenceAcceptance with spec { remoteCode: /models/my/molmo }"),

            // No words are no command, and a blank one starts nothing.
            (""" "model":"qwen3-8b","command":[]""", "spec.command is '[]': expected a program with its arguments. Leave it out"),
            (""" "model":"qwen3-8b","command":[" ","x"]""", "spec.command is ' ': expected a program with its arguments"),

            // What the deployment's own fields say.
            (Arguments(""" "--port":9000"""), "spec.arguments.--port: expected no flag for what is decided elsewhere. Say it in the model's defaultPort."),
            (Arguments(""" "--host":"127.0.0.1" """), "Say it in nothing: it listens everywhere"),
            (Arguments(""" "--config":"/models/x.yaml" """), "Say it in spec.arguments, flag by flag"),
            (Arguments(""" "--max_model_len":8192"""), "Say it in spec.context."),
            (Arguments(""" "-tp":2"""), "Say it in spec.gpu.count."),
            (Arguments(""" "--pipeline-parallel-size":4"""), "Say it in spec.gpu.count"),
            (Arguments(""" "--served-model-name":"x" """), "Say it in nothing: clients ask for the model's id."),
            (""" "model":"qwen3-8b","server":"sglang","arguments":{"--tp":2}""", "Say it in spec.gpu.count."),
            (""" "model":"qwen3-8b","command":["serve"],"arguments":{"--port":9000}""", ""),

            // An entry within is held to what Models are; a deployment has no secrets either.
            (WithEntry("""{"id":"a","modelType":"chat","engine":"vllm","repo":"a/b","licence":"MIT","weights":"16GB","dtype":"bf16","environment":{"LD_PRELOAD":"/models/x.so"}}"""), "spec.entry.environment.LD_PRELOAD: expected no variable that the image rests upon"),
            (WithEntry("""{"id":"a","modelType":"chat","engine":"vllm","repo":"a/b","licence":"MIT","weights":"16GB","dtype":"bf16","arguments":{"--api-key":"sk-abcdefghijklmnopqrst"}}"""), "spec.entry.arguments.--api-key: expected no secret in an entry"),
            (WithEntry("""{"id":"a","modelType":"chat","engine":"vllm","repo":"a/b","licence":" ","weights":"16GB","dtype":"bf16"}"""), "spec.entry.licence is ' ': expected a licence's name"),
            (Environment("HF_TOKEN", "hf_abcdefghijklmnopqrst"), "spec.environment.HF_TOKEN: expected no secret in a deployment"),
            (Environment("HTTPS_PROXY", "http://user:hunter2@proxy:3128"), "spec.environment.HTTPS_PROXY: expected no secret in a deployment"),
            (Environment("HF_HOME", "/tmp"), "spec.environment.HF_HOME is '/tmp': expected a folder below /models"),
            (Environment("HF_HOME", "/models/own"), ""),
            (Environment("VLLM_USE_MODELSCOPE", "true"), "expected no other hub"),
            (Environment("HF_ENDPOINT", "https://hub.example"), ""),
        ];
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var wrong = new List<string>();
        foreach (var (spec, fault) in cases)
        {
            var faults = Faults(await Ask(catalogue, spec));
            if (fault.Length == 0 ? faults.Count > 0 : !faults.Exists(found => found.Contains(fault, StringComparison.Ordinal)))
            {
                wrong.Add($"{spec}\n  expected: {fault}\n  found:    {string.Join("\n            ", faults)}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task A_bare_number_is_cores_or_bytes_as_in_Kubernetes_and_one_that_was_meant_otherwise_is_refused()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply("{ name: chat, model: qwen3-8b, image: registry.example.com/a:1, resources: { cpu: 64, memory: 68719476736, disk: 1.5e11 } }")).ExpectOk();
        Assert.Equal("""{"cpu":"64","memory":"64Gi","disk":"150GB"}""", (await catalogue.Get($"{Root}/modeldeployments/chat")).ExpectOk().Json["spec"]!["resources"]!.ToJsonString());
        (await catalogue.Apply("""{"name":"chat","model":"qwen3-8b","image":"registry.example.com/a:1","resources":{"cpu":0.5,"disk":0}}""")).ExpectOk();
        Assert.Equal("""{"cpu":"0.5","disk":"0B"}""", (await catalogue.Get($"{Root}/modeldeployments/chat")).ExpectOk().Json["spec"]!["resources"]!.ToJsonString());

        var errors = (await catalogue.Apply("{ name: chat, model: qwen3-8b, resources: { cpu: 1.23456, memory: 64, disk: -1 } }")).Json["errors"]!.AsArray();
        Assert.Equal(
            [("resources.cpu", "cores such as 4, 0.5 or 4000m", null), ("resources.disk", "a size such as 14GB, 16.38 GB, 512Mi or 50Gi", null), ("resources.memory", "1Mi or more", "A number without a unit is bytes, as in Kubernetes. Did you mean 64Gi?")],
            errors.Select(error => ((string)error!["path"]!, (string)error["expectation"]!, (string?)error["remedy"])).OrderBy(error => error.Item1, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{ name: chat, modle: qwen3-8b, image: 'a:1', gpu: { count: 0 }, replicas: 2 }", "modle", "Did you mean 'model'?")]
    [InlineData("{ name: chat, mdoel: qwen3-8b }", "mdoel", "Did you mean 'model'?")]
    [InlineData("{ name: chat, Model: qwen3-8b, image: 'a:1' }", "Model", "Did you mean 'model'?")]
    [InlineData("{ nmae: chat, model: qwen3-8b }", "nmae", "Did you mean 'name'?")]
    [InlineData("{ name: chat, model: qwen3-8b, resources: { cpu: 0 } }", "resources.cpu", null)]
    [InlineData("{ name: chat, model: qwen3-8b, resources: { memory: 0 } }", "resources.memory", "Nothing would bound what it takes. Leave it out for what the model needs.")]
    [InlineData("{ name: chat, model: qwen3-8b, image: '--root=/tmp/x' }", "image", null)]
    [InlineData("{ name: chat, model: qwen3-8b, image: '' }", "image", null)]
    [InlineData("{ name: chat, model: qwen3-8b, replica: 2 }", "replica", "Did you mean 'replicas'?")]
    [InlineData("kind: ModelDeployment\nmetadata: { name: chat }\nspec: { modle: qwen3-8b }", "spec.modle", "Did you mean 'model'?")]
    [InlineData("{ name: chat, model: qwen3-8b, min_replicas: 2 }", "min_replicas", "Write it under autoscaling: autoscaling: { minReplicas: 1 }.")]
    [InlineData("{ name: chat, model: qwen3-8b, maxReplicas: 2 }", "maxReplicas", "Write it under autoscaling: autoscaling: { maxReplicas: 4 }.")]
    [InlineData("{ name: chat, model: qwen3-8b, scale_to_zero_after: 5m }", "scale_to_zero_after", "Write it under autoscaling: autoscaling: { scaleToZeroAfter: 15m }.")]
    public void A_slip_in_the_short_form_is_one_fault_with_what_was_meant(string document, string path, string? remedy)
    {
        var errors = new FieldErrorList();
        DocumentReader.Read(System.Text.Encoding.UTF8.GetBytes(document), false, new DocumentContext("default"), errors);
        var error = Assert.Single(errors.All);
        Assert.Equal((path, remedy), (error.Path, error.Remedy));
    }

    /// <remarks>Also while a deployment of the wrong name is stored: it makes no model of that name.</remarks>
    [Fact]
    public async Task A_name_that_is_no_models_is_told_apart_from_a_model_that_nothing_serves()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply($$"""
            kind: Model
            metadata: { name: acme-8b }
            spec: { {{Own.Trim().Replace("acme-chat", "acme-8b", StringComparison.Ordinal)}}, aliases: [acme] }
            ---
            { name: alias, model: acme, image: registry.example.com/a:1 }
            ---
            { name: slip, model: qwen3-8, image: registry.example.com/a:1 }
            """)).ExpectOk();
        foreach (var (model, fault) in new[]
        {
            ("acme", "'acme' is an alias of Model 'acme-8b': write model: acme-8b."),
            ("qwen3-8", "No model is called 'qwen3-8' in namespace 'default'. Did you mean 'qwen3-8b'?"),
            ("Qwen/Qwen3-8B", "No model is called 'Qwen/Qwen3-8B' in namespace 'default'. Did you mean 'qwen3-8b'?"),
            ("something-else-entirely", "No model is called 'something-else-entirely' in namespace 'default'. GET /models lists those that there are; declare a Model of your own, or write it into spec.entry."),
        })
        {
            Assert.Equal(fault, Assert.Single(Faults(await Ask(catalogue, $$""" "model":"{{model}}","gpu":{"count":0}"""))));
        }

        Assert.Empty(Faults(await Ask(catalogue, """ "model":"acme-8b","gpu":{"count":0}""")));
    }

    [Fact]
    public async Task What_a_flag_is_over_is_there_once()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var brief = await Ask(catalogue, WithEntry(Own.Trim() + ""","arguments":{"--max-num-seqs":8}""") + ""","arguments":{"--max_num_seqs":16}""");
        var arguments = brief["choices"]![0]!["arguments"]!.AsArray().Select(word => (string?)word).ToList();
        Assert.DoesNotContain("--max-num-seqs", arguments);
        Assert.Equal("16", arguments[arguments.IndexOf("--max_num_seqs") + 1]);
    }

    [Fact]
    public async Task The_share_of_the_memory_that_a_deployment_gives_its_server_is_what_is_reckoned_with()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        (await catalogue.Apply("kind: GpuClass\nmetadata: { name: l4 }\nspec: {}")).ExpectOk();
        const string On = """ "model":"qwen3-8b","gpu":{"type":"l4","count":1},"arguments":""";
        Assert.Empty(Faults(await Ask(catalogue, On + """{"--gpu-memory-utilization":0.9}""")));
        Assert.Contains("does not fit", Assert.Single(Faults(await Ask(catalogue, On + """{"--gpu-memory-utilization":0.2}"""))), StringComparison.Ordinal);
        Assert.Contains("does not fit", Assert.Single(Faults(await Ask(catalogue, On + """{"--dtype":"float32"}"""))), StringComparison.Ordinal);
        foreach (var (engine, arguments) in ((string, string)[])[("transformers", """ "--kind":"chat","--dtype":"float32" """), ("vllm", """ "--dtype":["float32"]""")])
        {
            var entry = WithEntry(Own.Trim().Replace("vllm", engine, StringComparison.Ordinal) + $$""","arguments":{ {{arguments}} }""") + ""","gpu":{"type":"l4","count":1}""";
            Assert.Contains(Faults(await Ask(catalogue, entry)), fault => fault.Contains("does not fit", StringComparison.Ordinal));
            Assert.Empty(Faults(await Ask(catalogue, entry.Replace("float32", "bfloat16", StringComparison.Ordinal).Replace("[\"bfloat16\"]", "\"bfloat16\"", StringComparison.Ordinal))));
        }

        foreach (var share in (string[])["1.5", "0", "-1"])
        {
            Assert.Equal($"spec.arguments.--gpu-memory-utilization is '{share}': expected the share of a GPU's memory that the server may take, above 0 and up to 1.", Assert.Single(Faults(await Ask(catalogue, $$"""{{On}}{"--gpu-memory-utilization":{{share}}}"""))));
        }
    }

    [Fact]
    public async Task Nothing_of_it_is_stored()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var answer = await catalogue.Apply("""
            kind: ModelDeployment
            metadata: { name: a }
            spec: { entry: { id: qwen3-8b, modelType: chat, engine: vllm, repo: a/b, arguments: { --api-key: sekrit } }, environment: { HF_TOKEN: hf_abcdefghijklmnopqrst }, arguments: { --api-key: sekrit } }
            """);
        Assert.Equal(
            ["spec.arguments.--api-key", "spec.entry.arguments.--api-key", "spec.entry.id", "spec.environment.HF_TOKEN"],
            answer.Json["errors"]!.AsArray().Select(error => (string?)error!["path"]).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("sekrit", answer.Json.ToJsonString(), StringComparison.Ordinal);
    }

    private static string Arguments(string arguments) => $$""" "model":"qwen3-8b","arguments":{ {{arguments}} }""";

    private static string Environment(string name, string value) => $$""" "model":"qwen3-8b","environment":{"{{name}}":"{{value}}"}""";

    private static string WithEntry(string entry) => $""" "entry":{(entry.TrimStart().StartsWith('{') ? entry : $$"""{{{entry}}}""")}""";

    private static async Task<JsonNode> Ask(CatalogueReplica catalogue, string spec)
    {
        var gpu = spec.Contains("\"gpu\"", StringComparison.Ordinal) ? "" : "\"gpu\":{\"count\":0},";
        var question = $$"""{"namespace":"default","spec":{ {{gpu}} {{spec}} } }""";
        return (await catalogue.Send(HttpMethod.Post, "/internal/deployments/brief", question, Internal, "application/json")).ExpectOk().Json;
    }

    private static List<string> Faults(JsonNode brief) => [.. (brief["faults"]?.AsArray() ?? []).Select(fault => (string)fault!["message"]!)];
}
