using System.Net;
using System.Text.Json.Nodes;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class ApplyApiTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task Many_documents_are_applied_in_one_revision()
    {
        var answer = (await _catalogue.Apply(Documents.Many(
            Documents.Secret("vendor", "sk-1"), Documents.Provider("p", "m-id", secret: "vendor"), Documents.Model("m", "m-id")))).ExpectOk().Json;
        Assert.Equal(["created", "created", "created"], Actions(answer));
        Assert.Single(answer["results"]!.AsArray().Select(result => (string)result!["resourceVersion"]!).Distinct());

        var again = (await _catalogue.Apply(Documents.Many(
            Documents.Secret("vendor", "sk-1"), Documents.Provider("p", "m-id", secret: "vendor"), Documents.Model("m", "m-other")))).ExpectOk().Json;
        Assert.Equal(["unchanged", "unchanged", "configured"], Actions(again));
        var change = Assert.Single(again["results"]![2]!["changes"]!.AsArray())!;
        Assert.Equal("""{"path":"spec.id","from":"m-id","to":"m-other"}""", change.ToJsonString());
    }

    [Fact]
    public async Task Json_arrays_and_snake_case_and_the_alias_version_are_read_alike()
    {
        const string Json =
            """
            [{"apiVersion":"pai.io/v1","kind":"Model","metadata":{"name":"alike"},"spec":{"id":"alike-id","model_type":"chat","context_window":8}}]
            """;
        Assert.Equal(["created"], Actions((await _catalogue.Send(HttpMethod.Post, $"{Root}/apply", Json, FirstKey, "application/json")).ExpectOk().Json));
        const string Yaml =
            """
            # a comment
            ---
            apiVersion: orrery.dev/v1
            kind: Model
            metadata: {name: alike}
            spec: {id: alike-id, modelType: chat, contextWindow: 0x8}
            ---
            """;
        Assert.Equal(["unchanged"], Actions((await _catalogue.Apply(Yaml)).ExpectOk().Json));
        Assert.Equal("orrery.dev/v1", (string?)(await _catalogue.Get($"{Root}/models/alike")).Json["apiVersion"]);
    }

    [Fact]
    public async Task One_bad_document_refuses_them_all_and_every_fault_is_named_with_its_place()
    {
        var answer = (await _catalogue.Apply(
            """
            kind: Model
            metadata: {name: good}
            spec: {id: good-id, modelType: chat}
            ---
            kind: Model
            metadata: {name: Bad_Name}
            spec:
              id: bad-id
              modelTyp: chat
            ---
            kind: ModelProvider
            metadata:
              name: p
            spec:
              provider: vllm
              endpoint: 8000
            """)).Expect(HttpStatusCode.BadRequest);
        Assert.Equal(
            [
                "1 metadata.name 6:18", "1 spec.modelType 8:3", "1 spec.modelTyp 9:3", "2 spec.endpoint 16:13",
            ],
            answer.Errors.Select(error => $"{error["document"]} {error["path"]} {error["line"]}:{error["column"]}"));
        Assert.Equal("Did you mean 'modelType'?", (string?)answer.Errors[2]["remedy"]);
        Assert.Equal("4 fields are not as expected; nothing was applied. See 'errors'.", (string?)answer.Json["detail"]);
        (await _catalogue.Get($"{Root}/models/good")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_dry_run_tells_everything_and_changes_nothing()
    {
        (await _catalogue.Apply(Documents.Model("dry", "dry-1"))).ExpectOk();
        var before = (await _catalogue.Get($"{Root}/models")).Text;
        var answer = (await _catalogue.Apply(Documents.Many(Documents.Model("dry", "dry-2"), Documents.Key("dry-key"), Documents.Model("dry-new", "dry-3")), "?dryRun=true")).ExpectOk();
        Assert.Equal(["configured", "created", "created"], Actions(answer.Json));
        Assert.Equal("spec.id", (string?)answer.Json["results"]![0]!["changes"]![0]!["path"]);
        Assert.DoesNotContain(AccessToken.Prefix, answer.Text, StringComparison.Ordinal);
        Assert.Equal(before, (await _catalogue.Get($"{Root}/models")).Text);
        (await _catalogue.Get($"{Root}/accesskeys/dry-key")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Two_models_of_one_id_are_refused_by_name()
    {
        (await _catalogue.Apply(Documents.Model("first-model", "shared"))).ExpectOk();
        var answer = (await _catalogue.Apply(Documents.Model("second-model", "other", aliases: "[shared]"))).Expect(HttpStatusCode.BadRequest);
        var error = Assert.Single(answer.Errors);
        Assert.Equal("spec.aliases[0]", (string?)error["path"]);
        Assert.Equal("shared", (string?)error["value"]);
        Assert.Equal("an id or alias that no other Model of namespace 'default' has; Model 'first-model' has it", (string?)error["expectation"]);
        (await _catalogue.Apply(Documents.Model("second-model", "shared", @namespace: "elsewhere"))).ExpectOk();
    }

    [Fact]
    public async Task A_provider_that_calls_an_alias_its_model_is_refused()
    {
        (await _catalogue.Apply(Documents.Model("aliased", "aliased-id", aliases: "[short]"))).ExpectOk();
        var error = Assert.Single((await _catalogue.Apply(Documents.Provider("aliaser", "short"))).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal("spec.models[0].id", (string?)error["path"]);
        Assert.Equal("a model's id; this is an alias of Model 'aliased', whose id is 'aliased-id'", (string?)error["expectation"]);
    }

    [Fact]
    public async Task A_token_belongs_to_one_key_in_the_whole_installation()
    {
        var sha256 = AccessToken.Hash("some token of somebody");
        (await _catalogue.Apply(Documents.Key("holder", sha256))).ExpectOk();
        var here = Assert.Single((await _catalogue.Apply(Documents.Key("taker", sha256))).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal("the SHA-256 of a token that no other key has; AccessKey 'holder' has it", (string?)here["expectation"]);
        var elsewhere = Assert.Single((await _catalogue.Apply(Documents.Key("taker", sha256, @namespace: "elsewhere"))).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal("the SHA-256 of a token that no other key has", (string?)elsewhere["expectation"]);
        (await _catalogue.Apply(Documents.Key("holder", sha256, disabled: true))).ExpectOk();
        (await _catalogue.Apply(Documents.Key("taker", sha256))).Expect(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_name_declared_twice_in_a_request_is_refused()
    {
        var error = Assert.Single((await _catalogue.Apply(Documents.Many(Documents.Model("twice", "a"), Documents.Model("twice", "b")))).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal("a Model that the request declares once; document 0 declares it too", (string?)error["expectation"]);
        Assert.Equal(1, (int)error["document"]!);
    }

    [Fact]
    public async Task A_managed_set_is_applied_whole_and_prunes_what_left_it()
    {
        const string Query = "?manager=builder&prune=true";
        (await _catalogue.Apply(Documents.Model("by-hand", "by-hand-id"))).ExpectOk();
        (await _catalogue.Apply(Documents.Many(Documents.Model("s1", "s1-id"), Documents.Model("s2", "s2-id")), Query)).ExpectOk();
        var read = (await _catalogue.Get($"{Root}/models/s1")).Json["metadata"]!;
        Assert.Equal(("builder", "builder"), ((string?)read["managedBy"], (string?)read["labels"]![WellKnownLabels.ManagedBy]));

        var second = (await _catalogue.Apply(Documents.Many(Documents.Model("s2", "s2-id"), Documents.Model("s3", "s3-id")), Query)).ExpectOk().Json;
        Assert.Equal(["unchanged s2", "created s3", "deleted s1"], second["results"]!.AsArray().Select(result => $"{result!["action"]} {result["name"]}"));
        (await _catalogue.Get($"{Root}/models/by-hand")).ExpectOk();

        var conflict = (await _catalogue.Apply(Documents.Many(Documents.Model("s4", "s4-id"), Documents.Model("by-hand", "x")), Query)).Expect(HttpStatusCode.Conflict);
        Assert.Contains("Model 'by-hand' in namespace 'default' is managed by 'operator', and this request writes as 'builder'.", (string)conflict.Json["detail"]!, StringComparison.Ordinal);
        (await _catalogue.Get($"{Root}/models/s4")).Expect(HttpStatusCode.NotFound);
        (await _catalogue.Get($"{Root}/models/s3")).ExpectOk();
        (await _catalogue.Delete($"{Root}/models/s3")).Expect(HttpStatusCode.Conflict);
        (await _catalogue.Delete($"{Root}/models/s3?manager=builder")).ExpectOk();
        (await _catalogue.Apply(Documents.Model("s4", "s4-id"), "?prune=true")).Expect(HttpStatusCode.BadRequest);
    }

    private static IEnumerable<string> Actions(JsonNode answer) => answer["results"]!.AsArray().Select(result => (string)result!["action"]!);
}
