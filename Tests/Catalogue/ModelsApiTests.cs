using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Entries;

namespace Orrery.Tests.Catalogue;

/// <summary>The catalogue over HTTP: searching, sizing, Dockerfiles, the licence gate.</summary>
public sealed class ModelsApiTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await CatalogueReplica.StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task What_comes_with_the_service_what_is_declared_and_what_is_served_stand_in_one_list()
    {
        (await _catalogue.Apply(Documents.Many(
            Documents.Model("declared", "Org/Declared-8B", aliases: "[short]"),
            "{kind: ModelProvider, metadata: {name: sim}, spec: {provider: vllm, simulated: true, endpoints: [{url: http://h}], models: [{id: Org/Declared-8B}, {id: vec, modelType: embedding}, {id: qwen3-8b}]}}"))).ExpectOk();
        Assert.Equal(BuiltInEntries.All.Count + 2, (int)(await Get("/models?limit=1"))["total"]!);
        Assert.Equal(["Org/Declared-8B chat", "qwen3-8b chat", "vec embedding"], Items(await Get("/models?served=true")).Select(model => $"{model["id"]} {model["modelType"]}").Order());
        Assert.Equal("vec", (string?)Assert.Single(Items(await Get("/models?category=embedding&served=true")))["id"]);
        Assert.Single(Items(await Get("/models?q=declared&engine=vllm&limit=1")));
        var one = await Get("/models/Org/Declared-8B");
        Assert.True((bool)one["simulated"]!);
        Assert.Equal("Org/Declared-8B", (string?)(await Get("/models/short"))["id"]);
        Assert.Equal("Org/Declared-8B", (string?)(await Get("/models/Org%2FDeclared-8B"))["id"]);
        Assert.Equal("sim", (string?)(await Get("/models/qwen3-8b"))["providers"]![0]!["name"]);
        (await _catalogue.Get("/models/Org/Declared-8B/dockerfile")).Expect(HttpStatusCode.NotFound);
        (await _catalogue.Get("/models/nobody")).Expect(HttpStatusCode.NotFound);
        (await _catalogue.Apply("{kind: Model, metadata: {name: odd}, spec: {id: qwen3-8b/fit, modelType: chat}}")).ExpectOk();
        Assert.NotEmpty(Items(await Get("/models/qwen3-8b/fit?gpu=l4:1")));
    }

    [Fact]
    public async Task An_entry_is_told_whole()
    {
        var model = await Get("/models/qwen3-8b");
        Assert.Equal(("Qwen3 8B", "Alibaba Qwen", "llm", "chat", "vllm", 8000, "16.38GB", "g6.2xlarge"), (
            (string?)model["name"], (string?)model["provider"], (string?)model["category"], (string?)model["modelType"], (string?)model["engine"], (int)model["defaultPort"]!, (string?)model["modelSize"],
            (string?)model["recommendedInstance"]));
        Assert.Equal("Apache-2.0", (string?)model["licences"]![0]!["facts"]!["spdx"]);
        Assert.StartsWith("# The catalogue's entry 'qwen3-8b': Qwen3 8B", (string?)model["dockerfile"]);
        Assert.Equal("verified", (string?)model["certainty"]!["licence"]);
        Assert.Equal(1, (int)model["defaultResources"]!["gpu"]!);
        Assert.Contains("--max-model-len", (await _catalogue.Get("/models/qwen3-8b/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains("FROM lmsysorg/sglang:", (await _catalogue.Get("/models/qwen3-8b/dockerfile?server=sglang")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains("\"--tensor-parallel-size\", \"4\"", (await _catalogue.Get("/models/qwen3-8b/dockerfile?gpus=4")).ExpectOk().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_is_answered_with_its_arithmetic()
    {
        var fits = Items(await Get("/models/llama-3.3-70b-instruct/fit?gpu=a10g:4,h100-80:4&gpu=24GB:2&context=8192"));
        Assert.Equal([false, true, false], fits.Select(fit => (bool)fit["fits"]!));
        Assert.Equal(2, (int)fits[1]["gpus"]!);
        Assert.Contains("may use", (string?)fits[0]["reasons"]![0], StringComparison.Ordinal);
        Assert.Contains("g6.2xlarge", Items(await Get("/models/qwen3-8b/instances")).Select(option => (string?)option["instance"]));
        Assert.Equal(BuiltInEntries.All.Count, Items(await Get("/fit?gpu=l4:1")).Count);
        Assert.Contains("qwen3-8b", Items(await Get("/models?fits=l4:1&q=qwen3")).Select(model => (string?)model["id"]));
    }

    [Fact]
    public async Task Sizes_of_an_answer_are_in_one_unit_and_an_empty_one_says_why()
    {
        var fit = Assert.Single(Items(await Get("/models/qwen3-8b/fit?gpu=h100-80&context=8192")));
        Assert.All(["weights", "working", "cache", "needed", "usable"], name => Assert.Matches(@"^[0-9]+\.[0-9]GB$", (string?)fit[name]));
        Assert.Equal(147_456, (double)fit["cacheBytesPerToken"]!);
        Assert.Null(Assert.Single(Items(await Get("/models/kokoro-82m/fit?gpu=l4")))["context"]);
        Assert.All(Items(await Get("/models/qwen3-8b/instances?gpu=l4:4")), option => Assert.Equal(("l4", 4), ((string?)option["gpu"], (int)option["gpus"]!)));
        var none = await Get("/models/qwen3-8b/instances?context=1000000");
        Assert.Empty(Items(none));
        Assert.Contains("Its context window has 40,960 tokens", (string?)none["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_odd_model_spoils_neither_its_own_answer_nor_the_export()
    {
        const string Odd = "{{kind: Model, metadata: {{name: odd}}, spec: {{id: odd, modelType: chat, engine: vllm, repo: a/b, licence: MIT, weights: 2GB, parameters: 1B, dtype: bf16, contextWindow: 1000, {0}}}}}";
        Assert.Contains("at most contextWindow, which is 1000", (await _catalogue.Apply(string.Format(null, Odd, "maxModelLength: 2000"))).Expect(HttpStatusCode.BadRequest).Text, StringComparison.Ordinal);
        (await _catalogue.Apply(string.Format(null, Odd, "recommendedInstance: g9.nothing, architecture: {layers: 10000, heads: 10000, kvHeads: 10000, headSize: 100000}"))).ExpectOk();
        Assert.Null((await Get("/models/odd"))["defaultResources"]!["gpu"]);
        (await _catalogue.Get("/models/export")).ExpectOk();
    }

    [Fact]
    public async Task A_Dockerfile_of_an_entrys_own_is_not_said_to_be_another()
    {
        (await _catalogue.Apply("{kind: Model, metadata: {name: own}, spec: {id: own, modelType: chat, engine: vllm, servers: [sglang], repo: a/b, dockerfile: 'FROM a:1'}}")).ExpectOk();
        Assert.Equal("FROM a:1", (await _catalogue.Get("/models/own/dockerfile")).ExpectOk().Text);
        foreach (var asked in (string[])["server=sglang", "gpus=2", "context=4096"])
        {
            Assert.Contains("has a Dockerfile of its own", (await _catalogue.Get($"/models/own/dockerfile?{asked}")).Expect(HttpStatusCode.BadRequest).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_gate_follows_policy_and_acceptances()
    {
        Assert.Equal("acceptance", (string?)(await Get("/models/llama-3.1-8b/gate"))["decision"]);
        var link = (string?)(await Get("/licences/Llama-3.1-Community"))["facts"]!["link"];
        (await _catalogue.Apply($"{{kind: LicenceAcceptance, metadata: {{name: llama}}, spec: {{licence: Llama-3.1-Community, text: '{link}', statement: LEGAL-12}}}}")).ExpectOk();
        var accepted = await Get("/models/llama-3.1-8b/gate");
        Assert.Equal(("allow", "first"), ((string?)accepted["decision"], ((string?)accepted["findings"]![0]!["acceptedBy"])?.Split('/')[^1]));
        Assert.NotNull(accepted["findings"]![0]!["acceptedAt"]);
        (await _catalogue.Delete("/apis/orrery.dev/v1/licenceacceptances/llama")).ExpectOk();
        Assert.Equal("acceptance", (string?)(await Get("/models/llama-3.1-8b/gate"))["decision"]);
        (await _catalogue.Apply("{kind: LicencePolicy, metadata: {name: default}, spec: {rules: [{properties: [acceptable-use], decision: deny}], otherwise: allow}}")).ExpectOk();
        Assert.Equal("deny", (string?)(await Get("/models/llama-3.1-8b/gate"))["decision"]);
        Assert.Equal("allow", (string?)(await Get("/models/qwen3-8b/gate"))["decision"]);
    }

    /// <remarks>A label that an administrator of labels changes makes nobody accept anything.</remarks>
    [Fact]
    public async Task An_acceptance_is_theirs_who_wrote_what_it_says_and_of_when_they_did()
    {
        var link = (string?)(await Get("/licences/Llama-3.1-Community"))["facts"]!["link"];
        string Acceptance(string statement, string label) => $"{{kind: LicenceAcceptance, metadata: {{name: llama, labels: {{team: {label}}}}}, spec: {{licence: Llama-3.1-Community, text: '{link}', statement: {statement}}}}}";
        var other = (string)(await _catalogue.Put("/apis/orrery.dev/v1/accesskeys/other", "{kind: AccessKey, spec: {role: administrator}}")).Expect(HttpStatusCode.Created).Json["token"]!;
        async Task<(string? By, DateTimeOffset At)> Given()
        {
            var finding = (await Get("/models/llama-3.1-8b/gate"))["findings"]![0]!;
            var status = (await Get("/apis/orrery.dev/v1/licenceacceptances/llama"))["status"]!;
            Assert.Equal((string?)status["acceptedBy"], (string?)finding["acceptedBy"]);
            Assert.Equal((DateTimeOffset)status["acceptedAt"]!, (DateTimeOffset)finding["acceptedAt"]!);
            return (((string?)finding["acceptedBy"])?.Split('/')[^1], (DateTimeOffset)finding["acceptedAt"]!);
        }

        (await _catalogue.Apply(Acceptance("LEGAL-12", "a"))).ExpectOk();
        var first = await Given();
        Assert.Equal("first", first.By);

        (await _catalogue.Apply(Acceptance("LEGAL-12", "b"), token: other)).ExpectOk();
        Assert.Equal("configured", (string?)(await _catalogue.Apply(Acceptance("LEGAL-12", "c"), token: other)).ExpectOk().Json["results"]![0]!["action"]);
        Assert.Equal(first, await Given());

        (await _catalogue.Apply(Acceptance("LEGAL-13", "c"), token: other)).ExpectOk();
        var second = await Given();
        Assert.Equal("other", second.By);
        Assert.True(second.At > first.At);
    }

    [Fact]
    public async Task An_entry_comes_in_as_a_script_and_goes_out_again()
    {
        const string Script = "export default { id: 'acme-8b', name: 'Acme', provider: 'Acme', modelType: 'chat', engine: 'vllm', dockerfile: `FROM vllm/vllm-openai:latest\nCMD [\"x\"]`, modelSize: '16GB' };";
        var linted = (await _catalogue.Post("/models/lint", Script)).ExpectOk().Json;
        Assert.Contains(linted["findings"]!.AsArray(), finding => (string?)finding!["rule"] == "base-image-unpinned");
        var refused = (await _catalogue.Post("/models/import", Script)).Expect(HttpStatusCode.BadRequest).Json;
        Assert.Contains("?force=true", (string?)refused["detail"], StringComparison.Ordinal);
        Assert.Contains(refused["errors"]!.AsArray(), error => (string?)error!["path"] == "dockerfile" && (int?)error["line"] > 0);
        (await _catalogue.Get("/models/acme-8b")).Expect(HttpStatusCode.NotFound);
        var imported = (await _catalogue.Post("/models/import?force=true", Script)).ExpectOk().Json;
        Assert.Equal(("Model", "acme-8b", "created"), ((string?)imported["applied"]!["results"]![0]!["kind"], (string?)imported["applied"]!["results"]![0]!["name"], (string?)imported["applied"]!["results"]![0]!["action"]));
        Assert.Contains(imported["findings"]!.AsArray(), finding => (string?)finding!["field"] == "licence");
        Assert.StartsWith("FROM vllm/vllm-openai:latest", (await _catalogue.Get("/models/acme-8b/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains("provider: Acme", (await _catalogue.Get("/models/export?id=acme-8b&format=yaml")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains("provider: 'Acme'", (await _catalogue.Get("/models/export?id=acme-8b&format=js")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Equal(BuiltInEntries.All.Count + 1, JsonNode.Parse((await _catalogue.Get("/models/export")).ExpectOk().Text)!.AsArray().Count);
    }

    [Fact]
    public async Task An_import_replaces_what_has_its_id_and_nothing_else()
    {
        static string Entry(string id, string vendor) => $"{{ id: '{id}', modelType: 'chat', engine: 'vllm', repo: 'a/b', provider: '{vendor}' }}";
        (await _catalogue.Post("/models/import", Entry("a.b", "one"))).ExpectOk();
        Assert.Equal("configured", (string?)(await _catalogue.Post("/models/import", Entry("a.b", "two"))).ExpectOk().Json["applied"]!["results"]![0]!["action"]);
        Assert.Contains("'a-b' is the name of model 'a.b'", (await _catalogue.Post("/models/import?force=true", Entry("a/b", "three"))).Expect(HttpStatusCode.BadRequest).Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        (await _catalogue.Post("/models/import", $"[{Entry("x.y", "one")}, {Entry("x/y", "two")}]")).Expect(HttpStatusCode.BadRequest);
        Assert.Equal("two", (string?)(await Get("/models/a.b"))["provider"]);
    }

    [Theory]
    [InlineData("id: aaa, aliases: [codestral-22b]", "spec.aliases[0]", "'codestral-22b' has it")]
    [InlineData("id: zzz, aliases: [x, kokoro-82m]", "spec.aliases[1]", "'kokoro-82m' has it")]
    [InlineData("id: phi-4, licence: MIT, weights: 1GB", "spec.licence", "the Catalogue's entry 'phi-4' says what the model is")]
    public async Task A_Model_takes_nothing_of_an_entry_that_comes_with_the_service(string spec, string path, string expectation)
    {
        var errors = await Refused($"{{kind: Model, metadata: {{name: m}}, spec: {{modelType: chat, {spec}}}}}");
        Assert.Contains(errors, error => (string?)error["path"] == path && ((string?)error["expectation"])!.Contains(expectation, StringComparison.Ordinal));
        Assert.Equal("codestral-22b", (string?)(await Get("/models/codestral-22b/gate"))["model"]);
    }

    [Theory]
    [InlineData("LicencePolicy", "other", "otherwise: deny", "metadata.name", "default: the one of that name holds", null)]
    [InlineData("LicencePolicy", "default", "rules: [{licences: [Llama-3.1-Comunity], decision: deny}]", "spec.rules[0].licences[0]", "a licence that the Catalogue knows", "Did you mean 'Llama-3.1-Community'?")]
    [InlineData("LicencePolicy", "default", "regions: [DE, UK]", "spec.regions[1]", "an ISO 3166 code", "Did you mean 'GB'?")]
    [InlineData("LicencePolicy", "default", "regions: [XX]", "spec.regions[0]", "an ISO 3166 code", null)]
    [InlineData("LicencePolicy", "default", "regions: [de]", "spec.regions[0]", "an ISO 3166 code", "Did you mean 'DE'?")]
    [InlineData("LicencePolicy", "default", "annualRevenue: -5", "spec.annualRevenue", "a whole number from 0", null)]
    [InlineData("LicencePolicy", "default", "monthlyActiveUsers: -1", "spec.monthlyActiveUsers", "a whole number from 0", null)]
    [InlineData("LicenceAcceptance", "a", "licence: Llama-9, text: x", "spec.licence", "a licence that the Catalogue knows", null)]
    [InlineData("LicenceAcceptance", "a", "licence: gemma, text: 'https://example.com/other'", "spec.text", "the link of the licence's text as it is known now, https://", null)]
    [InlineData("LicenceAcceptance", "a", "licence: Gemma", "spec.text", "required with licence: the link of the text that was read, https://", null)]
    [InlineData("LicenceAcceptance", "a", "remoteCode: nonsense", "spec.remoteCode", "a repository as owner/name", null)]
    public async Task What_could_never_act_is_refused(string kind, string name, string spec, string path, string expectation, string? remedy)
    {
        var errors = await Refused($"{{kind: {kind}, metadata: {{name: {name}}}, spec: {{{spec}}}}}");
        Assert.Contains(errors, error => (string?)error["path"] == path && ((string?)error["expectation"])!.Contains(expectation, StringComparison.Ordinal) && (remedy is null || (string?)error["remedy"] == remedy));
    }

    [Fact]
    public async Task Rules_and_acceptances_may_name_the_licences_of_own_Models()
    {
        const string Model = "{kind: Model, metadata: {name: own}, spec: {id: own, modelType: chat, engine: vllm, repo: a/b, licence: Acme-Internal}}";
        const string Policy = "{kind: LicencePolicy, metadata: {name: default}, spec: {rules: [{licences: [acme-internal], decision: deny}]}}";
        (await _catalogue.Apply(Policy)).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Apply(Documents.Many(Policy, Model))).ExpectOk();
        Assert.Equal("deny", (string?)(await Get("/models/own/gate"))["decision"]);
        (await _catalogue.Delete("/apis/orrery.dev/v1/models/own")).ExpectOk();
        (await _catalogue.Apply(Policy)).ExpectOk(); // As it stands, nothing is changed.
    }

    [Fact]
    public async Task A_field_that_is_sure_and_rough_is_rough()
    {
        (await _catalogue.Apply("{kind: Model, metadata: {name: dup}, spec: {id: dup, modelType: chat, engine: vllm, repo: a/b, licence: MIT, verified: [repo, repo], guess: [repo]}}")).ExpectOk();
        Assert.Equal("guess", (string?)(await Get("/models/dup"))["certainty"]!["repo"]);
    }

    [Fact]
    public async Task What_providers_serve_as_it_is_has_no_entry()
    {
        (await _catalogue.Apply(Documents.Model("mini", "mini"))).ExpectOk();
        Assert.Contains("Model 'mini' is no entry that could be exported", (string?)(await _catalogue.Get("/models/export?id=mini")).Expect(HttpStatusCode.NotFound).Json["detail"], StringComparison.Ordinal);
        Assert.Contains("There is no model 'nobody'", (string?)(await _catalogue.Get("/models/export?id=nobody")).Expect(HttpStatusCode.NotFound).Json["detail"], StringComparison.Ordinal);
        Assert.Contains("There is nothing of model 'mini' to deploy", (string?)(await _catalogue.Get("/models/mini/gate")).Expect(HttpStatusCode.NotFound).Json["detail"], StringComparison.Ordinal);
        var linted = (await _catalogue.Post("/models/lint", "id: phi-4\nmodelType: chat\nengine: vllm\naliases: [kokoro-82m]")).ExpectOk().Json;
        Assert.Equal(["aliases[0]", "id"], linted["findings"]!.AsArray().Where(finding => (string?)finding!["rule"] == "unique-id").Select(finding => (string?)finding!["field"]).Order());
    }

    [Fact]
    public async Task A_number_beyond_all_measure_is_no_text()
    {
        var errors = await Refused("""{"kind": "Model", "metadata": {"name": "m"}, "spec": {"id": "m", "modelType": "chat", "engine": "vllm", "arguments": {"--seed": 1e400}}}""");
        Assert.Contains(errors, error => (string?)error["value"] == "1e400");
    }

    [Fact]
    public async Task What_is_exported_comes_in_again_under_another_id()
    {
        var exported = JsonNode.Parse((await _catalogue.Get("/models/export")).ExpectOk().Text)!.AsArray();
        foreach (var entry in exported)
        {
            entry!["id"] = "my-" + entry["id"];
        }

        var imported = (await _catalogue.Post("/models/import?dryRun=true", exported.ToJsonString())).ExpectOk().Json;
        Assert.Equal(exported.Count, imported["applied"]!["results"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_built_in_id_is_governed_and_not_redefined()
    {
        (await _catalogue.Apply("{kind: Model, metadata: {name: q}, spec: {id: qwen3-8b, modelType: chat, aliases: [house]}}")).ExpectOk();
        Assert.Equal("qwen3-8b", (string?)(await Get("/models/house"))["id"]);
        Assert.Contains("an id that no entry has", (await _catalogue.Apply("{kind: Model, metadata: {name: q}, spec: {id: qwen3-8b, modelType: chat, engine: vllm, repo: a/b}}")).Expect(HttpStatusCode.BadRequest).Text, StringComparison.Ordinal);
        Assert.Contains("chat, as the Catalogue", (await _catalogue.Apply("{kind: Model, metadata: {name: q}, spec: {id: qwen3-8b, modelType: embedding}}")).Expect(HttpStatusCode.BadRequest).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/models?license=permissive", "There is no parameter 'license' here; expected one of q, category,", "Did you mean 'licence'?")]
    [InlineData("/models?min_parameters=7B", "There is no parameter 'min_parameters'", "Did you mean 'minParameters'?")]
    [InlineData("/fit?gpu=l4:1&category=embedding", "There is no parameter 'category' here; expected one of gpu, context, concurrency, utilization, namespace.", "")]
    [InlineData("/models/qwen3-8b?foo=1", "There is no parameter 'foo' here; expected one of server, gpus, context, namespace.", "")]
    [InlineData("/models/qwen3-8b/fit?gpu=l4&limit=2", "There is no parameter 'limit'", "")]
    [InlineData("/models/qwen3-8b/instances?gpus=l4", "There is no parameter 'gpus'", "Did you mean 'gpu'?")]
    [InlineData("/models/qwen3-8b/dockerfile?gpu=2", "There is no parameter 'gpu'", "Did you mean 'gpus'?")]
    [InlineData("/models/qwen3-8b/gate?x=1", "There is no parameter 'x' here; expected one of namespace.", "")]
    [InlineData("/models/export?category=embedding", "There is no parameter 'category' here; expected one of id, format.", "")]
    [InlineData("/gpus?q=l4", "There is no parameter 'q' here; expected none.", "")]
    [InlineData("/licences?q=mit", "There is no parameter 'q' here; expected none.", "")]
    [InlineData("/licences/MIT?q=mit", "There is no parameter 'q' here; expected none.", "")]
    [InlineData("/apis/orrery.dev/v1/models?labelselector=a&selector=b", "There is no parameter 'selector'", "labelSelector")]
    [InlineData("/apis/orrery.dev/v1/usage?modell=b", "There is no parameter 'modell'", "Did you mean 'model'?")]
    public async Task A_parameter_that_nothing_reads_is_refused(string path, string message, string remedy)
    {
        var text = (await _catalogue.Get(path)).Expect(HttpStatusCode.BadRequest).Text.Replace("\\u0027", "'", StringComparison.Ordinal);
        Assert.Contains(message, text, StringComparison.Ordinal);
        Assert.Contains(remedy, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writing_refuses_it_too()
    {
        (await _catalogue.Post("/models/lint?strict=true", "id: a")).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Post("/models/import?dry-run=true", "id: a\nmodelType: chat")).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Apply("{kind: Model, metadata: {name: a}, spec: {id: a, modelType: chat}}", "?dryrn=true")).Expect(HttpStatusCode.BadRequest);
        (await _catalogue.Get("/models/a")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_viewer_lints_and_imports_nothing()
    {
        const string Token = "ork_viewer0000000000000000000000000000000000";
        (await _catalogue.Apply($"{{kind: AccessKey, metadata: {{name: viewer}}, spec: {{role: viewer, sha256: {Sha256(Token)}}}}}")).ExpectOk();
        Assert.NotEmpty((await _catalogue.Post("/models/lint", "id: a", Token)).ExpectOk().Json["findings"]!.AsArray());
        (await _catalogue.Post("/models/import", "id: a\nmodelType: chat", Token)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Send(HttpMethod.Head, "/models", null, Token)).ExpectOk();
    }

    [Theory]
    [InlineData("/models")]
    [InlineData("/models/qwen3-8b")]
    [InlineData("/models/qwen3-8b/dockerfile")]
    [InlineData("/models/export?id=qwen3-8b")]
    [InlineData("/gpus")]
    [InlineData("/apis/orrery.dev/v1/models")]
    public async Task What_can_be_read_has_a_head(string path)
    {
        var head = await _catalogue.Send(HttpMethod.Head, path, null, CatalogueReplica.FirstKey);
        Assert.Equal((HttpStatusCode.OK, ""), (head.Status, head.Text));
    }

    [Fact]
    public async Task A_Models_document_is_imported_under_its_own_name_and_nowhere_else()
    {
        (await _catalogue.Post("/models/import", "kind: Model\nmetadata: {name: nn, namespace: default, labels: {team: a}}\nspec: {id: mm, modelType: chat}")).ExpectOk();
        const string Token = "ork_other00000000000000000000000000000000000";
        (await _catalogue.Apply($"{{kind: AccessKey, metadata: {{name: b, namespace: nsb}}, spec: {{role: administrator, sha256: {Sha256(Token)}}}}}")).ExpectOk();
        (await _catalogue.Post("/models/import", "kind: Model\nmetadata: {name: nn, namespace: nsa}\nspec: {id: mm, modelType: chat}", Token)).Expect(HttpStatusCode.Forbidden);
        (await _catalogue.Post("/models/import", "kind: Model\nmetadata: {name: nn}\nspec: {id: mm, modelType: chat}", Token)).ExpectOk();
        (await _catalogue.Get("/apis/orrery.dev/v1/namespaces/nsb/models/nn")).ExpectOk();
        Assert.Equal("a", (string?)(await Get("/apis/orrery.dev/v1/models/nn"))["metadata"]!["labels"]!["team"]);
        var texts = new[] { "id: モデル\nmodelType: chat", "---\nid: 模型\nmodelType: chat" };
        (await _catalogue.Post("/models/import?force=true", string.Join('\n', texts))).ExpectOk();
        Assert.Contains("an id whose name is free", (await _catalogue.Post("/models/import?force=true", "[{id: Qwen/A, modelType: chat}, {id: qwen-a, modelType: chat}]")).Expect(HttpStatusCode.BadRequest).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a%2Fb", "/models/a%252Fb")]
    [InlineData("a/b c?", "/models/a/b%20c%3F")]
    public async Task Any_id_that_is_stored_can_be_asked_for(string id, string path)
    {
        (await _catalogue.Apply(Documents.Model("odd", id))).ExpectOk();
        Assert.Equal(id, (string?)(await Get(path))["id"]);
    }

    [Theory]
    [InlineData("/models?category=talk", "category is 'talk'; expected one of llm, multimodal,")]
    [InlineData("/models?fits=h100", "fits is 'h100'; expected a GPU's name or memory")]
    [InlineData("/models?minParameters=many", "minParameters is 'many'; expected a number of parameters such as 82M")]
    [InlineData("/models?after=%21", "after is '!'; expected the value of after that the page before gave, with the same question")]
    [InlineData("/models?fits=l4:%D9%A3", "fits is 'l4:\u0663'; expected")]
    [InlineData("/models?minParameters=%D9%A3B", "minParameters is")]
    [InlineData("/models?q=_", "q is '_'; expected 1 to 32 words")]
    [InlineData("/models?language=german", "language is 'german'; expected an ISO 639-1 code such as de")]
    [InlineData("/models?licence=!non-comercial", "licence is 'non-comercial'; expected a licence that a model has, or one of")]
    [InlineData("/models?fits=rtx4090", "fits is 'rtx4090'; expected a GPU's name")]
    [InlineData("/models?licence=!", "licence is '!'; expected a licence's name")]
    [InlineData("/models?tag=", "tag is ''; expected a value; without the parameter nothing is filtered by it")]
    [InlineData("/models?modality=%2C", "modality is ','; expected a value")]
    [InlineData("/models/export?format=xml", "format is 'xml'; expected one of json, yaml, js")]
    [InlineData("/models/qwen3-8b/dockerfile?gpus=7", "gpus is '7'; expected a number of GPUs over which qwen3-8b can be split: its 32 attention heads")]
    [InlineData("/models/qwen3-8b/dockerfile?context=99999999", "context is '99999999'; expected at most the context window of qwen3-8b, 40960")]
    [InlineData("/models/qwen3-8b/instances?gpu=24GB", "gpu is '24GB'; expected a GPU's name, and a count")]
    [InlineData("/models/qwen3-8b/instances?gpu=l4:4&count=2", "gpu is 'l4:4'; expected")]
    [InlineData("/models/qwen3-8b/fit", "gpu is missing; expected NAME:COUNT")]
    [InlineData("/models/qwen3-8b/fit?gpu=l4:0", "gpu is 'l4:0'; expected")]
    [InlineData("/models/qwen3-8b/fit?gpu=l4&utilization=2", "utilization is '2'; expected a share")]
    [InlineData("/models/qwen3-8b/dockerfile?server=ollama", "server is 'ollama'; expected a server that serves qwen3-8b: vllm")]
    public async Task Bad_questions_are_answered_with_what_was_expected(string path, string message) =>
        Assert.Contains(message, (await _catalogue.Get(path)).Expect(HttpStatusCode.BadRequest).Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

    private async Task<List<JsonNode>> Refused(string document) =>
        [.. (await _catalogue.Apply(document)).Expect(HttpStatusCode.BadRequest).Json["errors"]!.AsArray().Select(error => error!)];

    private static string Sha256(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private async Task<JsonNode> Get(string path) => (await _catalogue.Get(path)).ExpectOk().Json;

    private static List<JsonNode> Items(JsonNode answer) => [.. answer["items"]!.AsArray().Select(item => item!)];
}
