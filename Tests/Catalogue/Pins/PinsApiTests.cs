using System.Net;
using System.Text.Json.Nodes;
using Npgsql;
using Orrery.Tests.ServiceDefaults.Registries;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Pins;

/// <summary>Two catalogues over one database, a hub and a real registry: what is pinned, by whom, and what comes of it.</summary>
public sealed class PinsApiTests(PostgresServer postgres) : IAsyncLifetime
{
    /// <summary>An entry that leaves both its revision and its image's base open.</summary>
    private const string Open = "qwen3-14b";
    private const string OpenRepo = "Qwen/Qwen3-14B";
    private const string Base = "vllm/vllm-openai";
    private const string BaseTag = "v0.16.0";

    private string _database = "";
    private HubServer _hub = null!;
    private RegistryServer _registry = null!;
    private CatalogueReplica _one = null!;
    private CatalogueReplica _two = null!;
    private string _digest = "";

    public async ValueTask InitializeAsync()
    {
        _hub = await HubServer.StartAsync();
        _registry = await RegistryServer.StartAsync();
        _digest = await _registry.PushAsync(Base, BaseTag, "base");
        _database = await postgres.CreateDatabaseAsync();
        _hub.Revisions[OpenRepo + "@main"] = _ => HubServer.Commit(1);
        _one = await StartAsync();
        _two = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var catalogue in new[] { _one, _two })
        {
            foreach (var secret in new[] { HubServer.Token, RegistryServer.Password })
            {
                Assert.DoesNotContain(secret, catalogue.Logged, StringComparison.Ordinal);
            }

            Assert.DoesNotContain("Exception", catalogue.Logged, StringComparison.Ordinal);
            await catalogue.DisposeAsync();
        }

        await _registry.DisposeAsync();
        await _hub.DisposeAsync();
    }

    private Task<CatalogueReplica> StartAsync() =>
        CatalogueReplica.StartAsync(_database, $"Catalogue:Hub:Endpoint={_hub.Address}", $"Registries:Mirrors:docker.io={_registry.Address}");

    private static string Lines(JsonNode answer) => string.Join('\n', (answer["items"] ?? answer["pins"])!.AsArray().Select(pin =>
        string.Join(' ', new[] { pin!["kind"], pin["reference"], pin["value"], pin["source"], pin["by"], pin["error"]?["cause"] }.OfType<JsonNode>())));

    private async Task<string> PinAsync(string query = "", string model = Open, CatalogueReplica? on = null, string? token = FirstKey) =>
        Lines(Shown((await (on ?? _one).Post($"/models/{model}/pins{query}", "", token)).ExpectOk()).Json);

    private static Answer Shown(Answer answer)
    {
        Assert.DoesNotContain(HubServer.Token, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(RegistryServer.Password, answer.Text, StringComparison.Ordinal);
        return answer;
    }

    private static string Own(string id, string more = "", string repo = "acme/own", string? @namespace = null) =>
        $"kind: Model\nmetadata: {{ name: {id}{(@namespace is null ? "" : $", namespace: {@namespace}")} }}\nspec: {{ id: {id}, modelType: chat, engine: vllm, repo: {repo}{more} }}";

    [Fact]
    public async Task What_an_entry_leaves_open_is_asked_for_once_and_kept()
    {
        var open = (await _one.Get($"/models/{Open}/pins")).ExpectOk().Json;
        Assert.Equal($"revision {OpenRepo}@main\nimage {Base}:{BaseTag}", Lines(open));
        var before = (await _one.Get($"/models/{Open}/dockerfile")).ExpectOk().Text;
        Assert.Contains($"FROM {Base}:{BaseTag}\n", before, StringComparison.Ordinal);
        Assert.DoesNotContain("--revision", before, StringComparison.Ordinal);
        Assert.Empty(_hub.Questions);

        Assert.Equal(
            $"revision {OpenRepo}@main {HubServer.Commit(1)} resolved accesskey default/first\nimage {Base}:{BaseTag} {_digest} resolved accesskey default/first", await PinAsync());
        Assert.Equal([$"/api/models/{OpenRepo}/revision/main?blobs=true nobody"], _hub.Questions);
        var kept = $"revision {OpenRepo}@main {HubServer.Commit(1)} kept accesskey default/first\nimage {Base}:{BaseTag} {_digest} kept accesskey default/first";
        var dockerfile = (await _one.Get($"/models/{Open}/dockerfile")).ExpectOk().Text;
        Assert.Contains($"FROM {Base}:{BaseTag}@{_digest}\n", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"\"--revision\", \"{HubServer.Commit(1)}\"", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"org.opencontainers.image.version=\"{HubServer.Commit(1)}\"", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"\"{OpenRepo.Replace("/", "--", StringComparison.Ordinal)}@{HubServer.Commit(1)}\"", dockerfile, StringComparison.Ordinal);

        // A month later, at another replica, after both have moved on.
        _hub.Revisions[OpenRepo + "@main"] = _ => HubServer.Commit(2);
        await _registry.PushAsync(Base, BaseTag, "another base");
        Assert.Equal(kept, await PinAsync(on: _two));
        Assert.Equal(kept, Lines((await _two.Get($"/models/{Open}/pins")).ExpectOk().Json));
        Assert.Equal(dockerfile, (await _two.Get($"/models/{Open}/dockerfile")).ExpectOk().Text);
        var whole = (await _two.Get($"/models/{Open}")).ExpectOk().Json;
        Assert.Equal((dockerfile, kept), ((string?)whole["dockerfile"], Lines(whole)));
        Assert.Equal(dockerfile, (string?)JsonNode.Parse((await _two.Get($"/models/export?id={Open}")).ExpectOk().Text)![0]!["dockerfile"]);
        Assert.Single(_hub.Questions);
    }

    [Fact]
    public async Task What_the_hub_says_of_a_commit_is_kept_with_it()
    {
        _hub.Revisions["gated/model@v1.0"] = _ => HubServer.Commit(3);
        (await _one.Apply(Own("gated", ", revision: v1.0", "gated/model"))).ExpectOk();
        await PinAsync(model: "gated");
        var pin = (await _two.Get("/models/gated/pins")).ExpectOk().Json["items"]![0]!;
        Assert.Equal(("gated/model@v1.0", "manual"), ((string?)pin["reference"], (string?)pin["gated"]));
        Assert.Equal(
            $$"""[{"path":"config.json","size":728},{"path":"model.safetensors","size":16381470720,"sha256":"{{new string('c', 64)}}"}]""", pin["files"]!.ToJsonString());
        Assert.Null((await _two.Get("/models/gated")).ExpectOk().Json["pins"]![0]!["files"]); // A long list, and no part of the model.
    }

    [Fact]
    public async Task What_the_entry_pins_itself_is_asked_of_nobody()
    {
        const string Commit = "b968826d9c46dd6066d109eabc6255188de91218";
        Assert.Equal($"revision Qwen/Qwen3-8B@{Commit} {Commit} entry\nimage {Base}:{BaseTag} {_digest} resolved accesskey default/first", await PinAsync(model: "qwen3-8b"));
        Assert.Equal($"revision Qwen/Qwen3-8B@{Commit} {Commit} entry\nimage {Base}:{BaseTag} {_digest} kept accesskey default/first", await PinAsync("?renew=true", model: "qwen3-8b"));
        Assert.Empty(_hub.Questions);

        // An image's pin is the image's and not the model's.
        Assert.Contains($"FROM {Base}:{BaseTag}@{_digest}", (await _one.Get("/models/qwen3-32b/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);

        var other = await _registry.PushAsync("lmsysorg/sglang", "v0.5.18", "sglang");
        Assert.Contains($"image lmsysorg/sglang:v0.5.18 {other} resolved", await PinAsync("?server=sglang", model: "qwen3-8b"), StringComparison.Ordinal);
        Assert.Contains($"FROM lmsysorg/sglang:v0.5.18@{other}", (await _one.Get("/models/qwen3-8b/dockerfile?server=sglang")).ExpectOk().Text, StringComparison.Ordinal);
        (await _one.Post("/models/qwen3-8b/pins?server=tgi2", "")).Expect(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Of_sixteen_callers_on_two_replicas_all_get_the_value_of_one()
    {
        AnswerTogether(16);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? _one : _two).Post($"/models/{Open}/pins", "")));
        var values = answers.Select(answer => answer.ExpectOk().Json["items"]![0]!).ToList();
        Assert.Equal(16, _hub.Questions.Count);
        Assert.Single(values.Select(pin => (string?)pin["value"]).Distinct());
        Assert.Single(values, pin => (string?)pin["source"] == "resolved");
        Assert.Equal((string?)values[0]["value"], (string?)(await _one.Get($"/models/{Open}/pins")).ExpectOk().Json["items"]![0]!["value"]);
        Assert.Equal(1, await CountAsync("kind = 'revision'"));
    }

    [Fact]
    public async Task Of_several_renewals_at_once_one_counts()
    {
        await PinAsync();
        AnswerTogether(8);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? _one : _two).Post($"/models/{Open}/pins?renew=true", "")));
        Assert.Single(answers.Select(answer => (string?)answer.ExpectOk().Json["items"]![0]!["value"]).Distinct());
        var pin = (await _two.Get($"/models/{Open}/pins")).ExpectOk().Json["items"]![0]!;
        var renewal = Assert.Single(pin["renewals"]!.AsArray());
        Assert.Equal((HubServer.Commit(1), (string?)pin["value"]), ((string?)renewal!["from"], (string?)renewal["to"]));
        Assert.Equal(2, await CountAsync("kind = 'revision'"));
    }

    /// <summary>The hub answers nobody until so many have asked, and then each with another commit.</summary>
    private void AnswerTogether(int callers)
    {
        var (asked, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _hub.Instead = async http =>
        {
            var number = Interlocked.Increment(ref asked);
            if (number == callers)
            {
                all.SetResult();
            }

            await all.Task;
            await HubServer.Says(OpenRepo, HubServer.Commit(100 + number))(http);
        };
    }

    [Fact]
    public async Task A_renewal_is_on_record()
    {
        await PinAsync();
        var boss = (string)(await _one.Put($"{Root}/accesskeys/boss", Documents.Key("boss", role: "administrator"))).ExpectOk().Json["token"]!;
        _hub.Revisions[OpenRepo + "@main"] = _ => HubServer.Commit(2);
        Assert.Equal(
            $"revision {OpenRepo}@main {HubServer.Commit(2)} resolved accesskey default/boss\nimage {Base}:{BaseTag} {_digest} kept accesskey default/first", await PinAsync("?renew=true", token: boss));
        await PinAsync("?renew=true"); // Nothing is another: nothing is written.
        _hub.Revisions[OpenRepo + "@main"] = _ => HubServer.Commit(1);
        await PinAsync("?renew=true", on: _two);
        var pins = (await _one.Get($"/models/{Open}/pins")).ExpectOk().Json["items"]!;
        Assert.Equal(
            [$"{HubServer.Commit(2)} → {HubServer.Commit(1)} accesskey default/first", $"{HubServer.Commit(1)} → {HubServer.Commit(2)} accesskey default/boss"],
            pins[0]!["renewals"]!.AsArray().Select(renewal => $"{renewal!["from"]} → {renewal["to"]} {renewal["by"]}"));
        Assert.All(pins[0]!["renewals"]!.AsArray(), renewal => Assert.NotNull(renewal!["at"]));
        Assert.Null(pins[1]!["renewals"]);
        Assert.Contains(HubServer.Commit(1), (await _two.Get($"/models/{Open}/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_has_pins_and_tokens_of_its_own()
    {
        var acme = (string)(await _one.Put($"{Root}/namespaces/acme/accesskeys/boss", Documents.Key("boss", role: "administrator", @namespace: "acme"))).ExpectOk().Json["token"]!;
        await PinAsync();
        _hub.Revisions[OpenRepo + "@main"] = _ => HubServer.Commit(7);
        (await _one.Apply($"kind: Secret\nmetadata: {{ name: huggingface, namespace: acme }}\nspec: {{ data: {{ token: \"{HubServer.Token}\\n\" }} }}", token: acme)).ExpectOk();
        Assert.Equal($"revision {OpenRepo}@main\nimage {Base}:{BaseTag}", Lines((await _two.Get($"/models/{Open}/pins", acme)).ExpectOk().Json));
        Assert.StartsWith($"revision {OpenRepo}@main {HubServer.Commit(7)} resolved accesskey acme/boss", await PinAsync(on: _two, token: acme), StringComparison.Ordinal);
        Assert.Contains(HubServer.Commit(1), (await _one.Get($"/models/{Open}/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains(HubServer.Commit(7), (await _one.Get($"/models/{Open}/dockerfile", acme)).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Equal(["nobody", "owner"], _hub.Questions.Select(question => question.Split(' ')[^1]));

        // The installation's administrator and services name a namespace; nobody else does.
        Assert.Contains(HubServer.Commit(7), (await _one.Get($"/models/{Open}/pins?namespace=acme")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains(HubServer.Commit(7), (await _one.Get($"/models/{Open}/dockerfile?namespace=acme", Internal)).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains(HubServer.Commit(7), await PinAsync("?namespace=acme", token: Internal), StringComparison.Ordinal);
        (await _one.Get($"/models/{Open}/pins?namespace=default", acme)).Expect(HttpStatusCode.Forbidden);
        (await _one.Post($"/models/{Open}/pins?namespace=default", "", acme)).Expect(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Viewers_read_and_administrators_and_services_ask()
    {
        var viewer = (string)(await _one.Put($"{Root}/accesskeys/viewer", Documents.Key("viewer", role: "viewer"))).ExpectOk().Json["token"]!;
        (await _one.Post($"/models/{Open}/pins", "", viewer)).Expect(HttpStatusCode.Forbidden);
        (await _one.Post($"/models/{Open}/pins", "", token: null)).Expect(HttpStatusCode.Unauthorized);
        Assert.Contains("service Tests", await PinAsync(token: Internal), StringComparison.Ordinal);
        (await _one.Get($"/models/{Open}/pins", viewer)).ExpectOk();

        (await _one.Post("/models/nobody/pins", "")).Expect(HttpStatusCode.NotFound);
        (await _one.Post($"/models/{Open}", "")).Expect(HttpStatusCode.MethodNotAllowed);
        (await _one.Post("/models", "")).Expect(HttpStatusCode.MethodNotAllowed);
        (await _one.Post($"/models/{Open}/pins?renew=yes", "")).Expect(HttpStatusCode.BadRequest);
        (await _one.Apply(Documents.Model("declared", "Org/Declared-8B"))).ExpectOk();
        (await _one.Post("/models/Org/Declared-8B/pins", "")).Expect(HttpStatusCode.NotFound);
        (await _one.Apply("kind: Model\nmetadata: { name: own }\nspec: { id: Org/Own-8B, modelType: chat, engine: vllm, repo: acme/own, aliases: [short] }")).ExpectOk();
        _hub.Revisions["acme/own@main"] = _ => HubServer.Commit(9);
        foreach (var id in new[] { "Org/Own-8B", "Org%2FOwn-8B", "short" })
        {
            Assert.Contains(HubServer.Commit(9), await PinAsync(model: id), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_that_fails_keeps_no_other_from_being_pinned()
    {
        _hub.Instead = HubServer.Error(429, headers: ("RateLimit", "\"api\";r=0;t=55"));
        var failed = Shown((await _one.Post($"/models/{Open}/pins", "")).Expect(HttpStatusCode.BadGateway));
        Assert.Equal(("Not everything is pinned", "1 of 2 could not be pinned; what could be is kept. See 'pins'.", "55"), ((string?)failed.Json["title"], (string?)failed.Json["detail"], failed.RetryAfter));
        Assert.Equal($"revision {OpenRepo}@main rate_limited\nimage {Base}:{BaseTag} {_digest} resolved accesskey default/first", Lines(failed.Json));
        Assert.Equal(
            $$"""{"stage":"revision","cause":"rate_limited","message":"{{_hub.Address[7..]}} takes no more questions from us now (429), for 55 s","remedy":"Try again later; a token in the namespace's Secret 'huggingface', key 'token' allows more.","mayPass":true,"retryAfter":55}""",
            System.Text.RegularExpressions.Regex.Unescape(failed.Json["pins"]![0]!["error"]!.ToJsonString()));

        _hub.Instead = null;
        Assert.Equal($"revision {OpenRepo}@main {HubServer.Commit(1)} resolved accesskey default/first\nimage {Base}:{BaseTag} {_digest} kept accesskey default/first", await PinAsync());

        // A renewal that fails leaves what is kept.
        _hub.Instead = HubServer.Error(404, "RepoNotFound");
        var gone = (await _one.Post($"/models/{Open}/pins?renew=true", "")).Expect(HttpStatusCode.FailedDependency);
        Assert.Equal($"revision {OpenRepo}@main {HubServer.Commit(1)} kept accesskey default/first unknown_repository\nimage {Base}:{BaseTag} {_digest} kept accesskey default/first", Lines(gone.Json));
        Assert.Contains(HubServer.Commit(1), (await _one.Get($"/models/{Open}/dockerfile")).ExpectOk().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bases_of_an_own_Dockerfile_are_pinned_where_they_stand()
    {
        var python = await _registry.PushAsync("library/python", "3.12-slim", "python");
        var uv = await _registry.PushAsync("astral/uv", "1", "uv");
        _hub.Revisions["acme/own@main"] = _ => HubServer.Commit(9);
        var written = $"ARG VERSION=3.12\n# FROM python:3.12-slim\nFROM {_registry.Address}/astral/uv:1 AS uv\nFROM  python:$VERSION-slim   AS build\nRUN echo FROM python:3.12-slim\nFROM build\nFROM scratch\nFROM x/y@{python}\n";
        (await _one.Apply(Own("own", $", dockerfile: {System.Text.Json.JsonSerializer.Serialize(written)}"))).ExpectOk();
        Assert.Equal(written, (await _one.Get("/models/own/dockerfile")).ExpectOk().Text);
        Assert.Equal(
            $"""
             revision acme/own@main {HubServer.Commit(9)} resolved accesskey default/first
             image {_registry.Address}/astral/uv:1 {uv} resolved accesskey default/first
             image python:3.12-slim {python} resolved accesskey default/first
             image x/y@{python} {python} entry
             """.ReplaceLineEndings("\n"),
            await PinAsync(model: "own"));
        Assert.Equal(
            written.Replace("astral/uv:1 ", $"astral/uv:1@{uv} ", StringComparison.Ordinal).Replace("python:$VERSION-slim ", $"python:3.12-slim@{python} ", StringComparison.Ordinal),
            (await _one.Get("/models/own/dockerfile")).ExpectOk().Text);
    }

    [Fact]
    public async Task An_acceptance_of_code_holds_for_the_commit_that_is_kept()
    {
        _hub.Revisions["acme/code@main"] = _ => HubServer.Commit(4);
        (await _one.Apply(Documents.Many(
            Own("code", ", remoteCode: true, licence: Apache-2.0", "acme/code"),
            $"kind: LicenceAcceptance\nmetadata: {{ name: code }}\nspec: {{ remoteCode: acme/code, revision: '{HubServer.Commit(4)}' }}"))).ExpectOk();
        Assert.Equal("acceptance", (string?)(await _one.Get("/models/code/gate")).ExpectOk().Json["decision"]);
        await PinAsync(model: "code");
        Assert.Equal("allow", (string?)(await _one.Get("/models/code/gate")).ExpectOk().Json["decision"]);
        _hub.Revisions["acme/code@main"] = _ => HubServer.Commit(5);
        await PinAsync("?renew=true", model: "code");
        Assert.Equal("acceptance", (string?)(await _one.Get("/models/code/gate")).ExpectOk().Json["decision"]);
    }

    [Fact]
    public async Task A_registrys_credential_is_the_namespaces()
    {
        await using var closed = await RegistryServer.StartAsync(_registry.Storage, auth: "htpasswd");
        _hub.Revisions["acme/own@main"] = _ => HubServer.Commit(9);
        (await _one.Apply(Own("own", $", dockerfile: \"FROM {closed.Address}/{Base}:{BaseTag}\""))).ExpectOk();
        var refused = (await _one.Post("/models/own/pins", "")).Expect(HttpStatusCode.FailedDependency).Json["pins"]![1]!["error"]!;
        Assert.Equal(
            ("access_denied", "Set a credential for this registry. Credentials stand in the namespace's Secret 'registries', key '.dockerconfigjson'."), ((string?)refused["cause"], (string?)refused["remedy"]));

        (await _two.Apply(Registries("nonsense"))).ExpectOk();
        refused = (await _one.Post("/models/own/pins", "")).Expect(HttpStatusCode.FailedDependency).Json["pins"]![1]!["error"]!;
        Assert.Equal(
            ("credential credential_invalid", "key '.dockerconfigjson' of the Secret 'registries' is of no use: it is no JSON; expected {\"auths\": {\"HOST\": {\"username\": \"…\", \"password\": \"…\"}}}, or \"auth\" with both in base64"),
            ($"{refused["stage"]} {refused["cause"]}", (string?)refused["message"]));

        (await _two.Apply(Registries($$$"""{"auths":{"{{{closed.Address}}}":{"username":"tests","password":"{{{RegistryServer.Password}}}"} } }"""))).ExpectOk();
        Assert.Contains($"{_digest} resolved", await PinAsync(model: "own"), StringComparison.Ordinal);

        static string Registries(string json) => $"kind: Secret\nmetadata: {{ name: registries }}\nspec: {{ data: {{ .dockerconfigjson: {System.Text.Json.JsonSerializer.Serialize(json)} }} }}";
    }

    [Fact]
    public async Task Nothing_is_asked_at_an_address_that_nothing_may_go_to()
    {
        _hub.Revisions["acme/own@main"] = _ => HubServer.Commit(9);
        (await _one.Apply(Own("own", ", dockerfile: \"FROM 169.254.169.254/latest:1\\nFROM metadata.google.internal/x\\nFROM 10.0.0.1:5000/x\""))).ExpectOk();
        var refused = (await _one.Post("/models/own/pins", "")).Expect(HttpStatusCode.FailedDependency).Json;
        Assert.Equal(
            ["", "address_refused", "address_refused", "address_refused"], refused["pins"]!.AsArray().Select(pin => (string?)pin!["error"]?["cause"] ?? ""));

        _hub.Instead = HubServer.Error(307, headers: ("Location", "http://169.254.169.254/latest/meta-data"));
        var redirected = (await _one.Post($"/models/{Open}/pins", "")).Expect(HttpStatusCode.FailedDependency).Json["pins"]![0]!["error"]!;
        Assert.Equal(
            $"{_hub.Address[7..]} redirects to '169.254.169.254', which is not followed: 169.254.169.254 is a link-local address, where clouds keep their metadata", (string?)redirected["message"]);
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_said_to_be_open()
    {
        await using var server = new PostgresServer();
        await using var catalogue = await CatalogueReplica.StartAsync(await server.CreateDatabaseAsync(), $"Catalogue:Hub:Endpoint={_hub.Address}", $"Registries:Mirrors:docker.io={_registry.Address}");
        await server.StopAsync();
        foreach (var path in new[] { "", "/dockerfile", "/pins" })
        {
            (await catalogue.Get($"/models/{Open}{path}")).Expect(HttpStatusCode.ServiceUnavailable);
        }

        (await catalogue.Get("/models")).ExpectOk();
        (await catalogue.Get($"/models/{Open}/gate")).ExpectOk();
        (await catalogue.Post($"/models/{Open}/pins", "")).Expect(HttpStatusCode.ServiceUnavailable);
    }

    private async Task<long> CountAsync(string condition)
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand($"SELECT count(*) FROM catalogue.pins WHERE {condition}");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
