using System.Net;
using System.Text.Json.Nodes;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class ResourcesApiTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_resource_is_created_read_replaced_and_deleted()
    {
        var path = $"{Root}/namespaces/default/models/m1";
        var created = (await _catalogue.Put(path, Documents.Model("m1", "Qwen/Qwen3-8B"))).Expect(HttpStatusCode.Created).Json;
        Assert.Equal(1, (long)created["metadata"]!["generation"]!);
        Assert.Equal("operator", (string?)created["metadata"]!["managedBy"]);
        Assert.NotNull((string?)created["metadata"]!["uid"]);

        var replaced = (await _catalogue.Put($"{Root}/models/m1", Documents.Model("m1", "Qwen/Qwen3-4B"))).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(2, (long)replaced["metadata"]!["generation"]!);
        Assert.Equal((string?)created["metadata"]!["uid"], (string?)replaced["metadata"]!["uid"]);
        Assert.Equal("Qwen/Qwen3-4B", (string?)(await _catalogue.Get(path)).ExpectOk().Json["spec"]!["id"]);

        (await _catalogue.Delete(path)).ExpectOk();
        var missing = (await _catalogue.Get(path)).Expect(HttpStatusCode.NotFound);
        Assert.Contains("Model 'm1' does not exist in namespace 'default'", missing.Text, StringComparison.Ordinal);
        Assert.NotNull(missing.RequestId);
    }

    [Fact]
    public async Task Writing_the_same_again_changes_nothing()
    {
        var path = $"{Root}/models/same";
        var first = (await _catalogue.Put(path, Documents.Model("same", "same-id"))).ExpectOk().Json;
        var second = (await _catalogue.Put(path, Documents.Model("same", "same-id"))).ExpectOk().Json;
        Assert.Equal(first.ToJsonString(), second.ToJsonString());
    }

    [Fact]
    public async Task What_was_read_can_be_written_back()
    {
        var path = $"{Root}/models/roundtrip";
        (await _catalogue.Put(path, Documents.Model("roundtrip", "roundtrip-id"))).ExpectOk();
        var read = (await _catalogue.Get(path)).Text;
        var written = (await _catalogue.Send(HttpMethod.Put, path, read, FirstKey, "application/json")).Expect(HttpStatusCode.OK);
        Assert.Equal(JsonNode.Parse(read)!.ToJsonString(), written.Json.ToJsonString());
    }

    [Fact]
    public async Task Somebody_elses_change_in_between_is_a_conflict_that_names_them()
    {
        var path = $"{Root}/models/contested";
        var first = (await _catalogue.Put(path, Documents.Model("contested", "a"))).ExpectOk().Json;
        (await _catalogue.Put(path, Documents.Model("contested", "b"))).ExpectOk();
        var stale = (await _catalogue.Put(path, first.ToJsonString())).Expect(HttpStatusCode.Conflict).Json;
        var current = (await _catalogue.Get(path)).Json["metadata"]!["resourceVersion"]!;
        Assert.Equal(
            $"Model 'contested' has been changed by accesskey default/first: its resourceVersion is {current}, the request says {first["metadata"]!["resourceVersion"]}. Read it again and repeat the change.",
            (string?)stale["detail"]);
    }

    [Fact]
    public async Task A_list_comes_in_pages_and_by_label()
    {
        for (var i = 0; i < 5; i++)
        {
            (await _catalogue.Put(
                $"{Root}/namespaces/pages/models/m{i}",
                $$$"""{"kind":"Model","metadata":{"name":"m{{{i}}}","labels":{"even":"{{{i % 2 == 0}}}"}},"spec":{"id":"p{{{i}}}","modelType":"chat"}}""")).ExpectOk();
        }

        var first = (await _catalogue.Get($"{Root}/namespaces/pages/models?limit=3")).ExpectOk().Json;
        Assert.Equal(["m0", "m1", "m2"], Names(first));
        var second = (await _catalogue.Get($"{Root}/namespaces/pages/models?limit=3&after={first["metadata"]!["after"]}")).ExpectOk().Json;
        Assert.Equal(["m3", "m4"], Names(second));
        Assert.Null(second["metadata"]!["after"]);
        Assert.Equal(["m0", "m2", "m4"], Names((await _catalogue.Get($"{Root}/namespaces/pages/models?labelSelector=even%3DTrue")).Json));
        Assert.Equal(["m1", "m3"], Names((await _catalogue.Get($"{Root}/namespaces/pages/models?labelSelector=even!%3DTrue")).Json));
        Assert.Contains(
            "limit is 'many'; expected a whole number from 1 to 1000.",
            (await _catalogue.Get($"{Root}/models?limit=many")).Expect(HttpStatusCode.BadRequest).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_kind_is_answered_with_those_that_there_are()
    {
        var answer = (await _catalogue.Get($"{Root}/modelprovider")).Expect(HttpStatusCode.NotFound);
        Assert.Contains("known are models, modelproviders, accesskeys, secrets, routes, teams, licencepolicies, licenceacceptances, modeldeployments, gpuclasses, imagepolicies. Did you mean 'modelproviders'?", Unescaped(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_is_written_by_services_only_and_bumps_no_generation()
    {
        var path = $"{Root}/models/seen";
        (await _catalogue.Put(path, Documents.Model("seen", "seen-id"))).ExpectOk();
        (await _catalogue.Put($"{path}/status", """{"status":{"phase":"running"}}""")).Expect(HttpStatusCode.Forbidden);
        var reported = (await _catalogue.Put($"{path}/status", """{"status":{"phase":"running"}}""", Internal)).ExpectOk().Json;
        Assert.Equal("running", (string?)reported["status"]!["phase"]);
        Assert.Equal(1, (long)reported["metadata"]!["generation"]!);
        Assert.Single((await _catalogue.Get($"{path}/revisions")).Json["items"]!.AsArray());

        var written = (await _catalogue.Put(path, Documents.Model("seen", "seen-other"))).ExpectOk().Json;
        Assert.Equal("running", (string?)written["status"]!["phase"]);
    }

    [Fact]
    public async Task A_finalizer_holds_a_deleted_resource_until_its_service_lets_go()
    {
        var path = $"{Root}/models/held";
        const string Held = """{"kind":"Model","metadata":{"name":"held","finalizers":["builder"]},"spec":{"id":"held-id","modelType":"chat"}}""";
        (await _catalogue.Put(path, Held, Internal)).ExpectOk();
        (await _catalogue.Delete(path)).ExpectOk();
        Assert.NotNull((await _catalogue.Get(path)).ExpectOk().Json["metadata"]!["deletionTimestamp"]);
        (await _catalogue.Put(path, Documents.Model("held", "held-again"))).Expect(HttpStatusCode.Conflict);

        (await _catalogue.Put(path, Held.Replace("[\"builder\"]", "[]", StringComparison.Ordinal), Internal)).ExpectOk();
        (await _catalogue.Get(path)).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_a_deleted_resource_owns_goes_with_it()
    {
        var owner = (await _catalogue.Put($"{Root}/models/owner", Documents.Model("owner", "owner-id"))).ExpectOk().Json;
        (await _catalogue.Put(
            $"{Root}/modelproviders/owned",
            $$$"""
              {"kind":"ModelProvider","metadata":{"name":"owned","ownerReferences":[{"kind":"Model","name":"owner","uid":"{{{owner["metadata"]!["uid"]}}}"}]},
               "spec":{"provider":"vllm","endpoint":"http://127.0.0.1:9"}}
              """,
            Internal)).ExpectOk();
        (await _catalogue.Delete($"{Root}/models/owner")).ExpectOk();
        (await _catalogue.Get($"{Root}/modelproviders/owned")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task History_says_who_did_what_and_leads_back()
    {
        var path = $"{Root}/models/historic";
        var first = (await _catalogue.Put(path, Documents.Model("historic", "v1"))).ExpectOk().Json;
        (await _catalogue.Put(path, Documents.Model("historic", "v2"))).ExpectOk();
        var items = (await _catalogue.Get($"{path}/revisions")).ExpectOk().Json["items"]!.AsArray();
        Assert.Equal(["configured", "created"], items.Select(item => (string)item!["action"]!));
        Assert.All(items, item => Assert.Equal("accesskey default/first", (string?)item!["changedBy"]));

        var back = (await _catalogue.Post($"{path}/rollback?revision={first["metadata"]!["resourceVersion"]}", "")).ExpectOk().Json;
        Assert.Equal("v1", (string?)back["spec"]!["id"]);
        Assert.Equal(3, (long)back["metadata"]!["generation"]!);
        (await _catalogue.Post($"{path}/rollback?revision=999999", "")).Expect(HttpStatusCode.NotFound);

        (await _catalogue.Delete(path)).ExpectOk();
        var last = (await _catalogue.Get($"{path}/revisions?limit=1")).ExpectOk().Json["items"]![0]!;
        Assert.Equal("deleted", (string?)last["action"]);
    }

    [Fact]
    public async Task Discovery_names_the_kinds_and_their_schemas()
    {
        var kinds = (await _catalogue.Get(Root)).ExpectOk().Json["kinds"]!.AsArray();
        Assert.Equal(["Model", "ModelProvider", "AccessKey", "Secret", "Route", "Team", "LicencePolicy", "LicenceAcceptance", "ModelDeployment", "GpuClass", "ImagePolicy"], kinds.Select(kind => (string)kind!["kind"]!));
        foreach (var kind in kinds)
        {
            var schema = (await _catalogue.Get((string)kind!["schema"]!)).ExpectOk().Json;
            Assert.False((bool)schema["properties"]!["spec"]!["additionalProperties"]!);
        }

        var spec = (await _catalogue.Get($"{Root}/schemas/ModelProvider")).Json["properties"]!["spec"]!["properties"]!;
        Assert.Equal(["vllm", "transformers", "whisper", "tts-engine", "video-engine", "openai", "anthropic", "azure-openai", "gemini", "custom"], spec["engine"]!["enum"]!.AsArray().Select(value => (string)value!));
        Assert.Null(spec["effectiveEngine"]);
        Assert.Equal("string", (string?)spec["timeouts"]!["properties"]!["connect"]!["type"]);
        Assert.StartsWith("Who offers the models", (string?)spec["provider"]!["description"], StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(JsonNode list) => list["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!);

    private static string Unescaped(Answer answer) => (string)answer.Json["detail"]!;
}
