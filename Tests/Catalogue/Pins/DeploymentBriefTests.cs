using System.Text.Json.Nodes;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Pins;

/// <summary>What the Builder is told of a model's commit, in every way in which one can be meant.</summary>
public sealed class DeploymentBriefTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Entry = "\"entry\":{\"id\":\"own\",\"modelType\":\"chat\",\"engine\":\"vllm\",\"servers\":[\"sglang\"],\"repo\":\"acme/own\",\"licence\":\"Apache-2.0\"}";

    private HubServer _hub = null!;
    private CatalogueReplica _catalogue = null!;
    private int _wishes;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubServer.StartAsync();
        _hub.Revisions["acme/own@main"] = _ => HubServer.Commit(1);
        _catalogue = await CatalogueReplica.StartAsync(await postgres.CreateDatabaseAsync(), $"Catalogue:Hub:Endpoint={_hub.Address}");
    }

    public async ValueTask DisposeAsync()
    {
        await _catalogue.DisposeAsync();
        await _hub.DisposeAsync();
    }

    /// <param name="wish">Empty: nobody is to be asked.</param>
    private async Task<JsonNode> Brief(string spec, string? wish = null, string @namespace = "default")
    {
        wish ??= $"wish {++_wishes}";
        var question = $$"""{"namespace":"{{@namespace}}","spec":{ {{spec}},"gpu":{"count":0} }{{(wish.Length > 0 ? $",\"wish\":\"{wish}\"" : "")}} }""";
        return await Eventually.Holds(
            async () => (await _catalogue.Send(HttpMethod.Post, "/internal/deployments/brief", question, Internal, "application/json")).ExpectOk().Json, brief => brief["pending"] is null);
    }

    private static string Pin(JsonNode brief) => brief["pin"] is not { } pin ? "none" : $"{pin["reference"]} {pin["commit"] ?? pin["reason"]}";

    private static string Arguments(JsonNode brief, string name = "arguments") =>
        string.Join(' ', (brief["choices"]![0]![name]?.AsArray() ?? []).Select(argument => (string?)argument));

    [Fact]
    public async Task The_command_names_the_commit_that_is_kept_and_the_declared_one_stays_known()
    {
        Assert.Equal("none", Pin(await Brief(Entry, wish: "")));
        Assert.Empty(_hub.Questions);

        var brief = await Brief(Entry);
        Assert.Equal($"acme/own@main {HubServer.Commit(1)}", Pin(brief));
        Assert.StartsWith($"acme/own --revision {HubServer.Commit(1)} ", Arguments(brief), StringComparison.Ordinal);
        Assert.Equal(Arguments(brief).Replace($"--revision {HubServer.Commit(1)} ", "", StringComparison.Ordinal), Arguments(brief, "declaredArguments"));
        Assert.Equal($"acme/own@main {HubServer.Commit(1)}", Pin(await Brief(Entry, wish: "")));
        Assert.Contains("service Tests pinned the revision acme/own@main", _catalogue.Logged, StringComparison.Ordinal);

        // Another server has it as well, and another namespace has its own.
        _hub.Revisions["acme/own@main"] = _ => HubServer.Commit(2);
        Assert.Contains($"--revision {HubServer.Commit(1)} ", Arguments(await Brief(Entry + ",\"server\":\"sglang\"")), StringComparison.Ordinal);
        Assert.Equal($"acme/own@main {HubServer.Commit(2)}", Pin(await Brief(Entry, @namespace: "acme")));
        Assert.Equal(2, _hub.Questions.Count);
    }

    [Fact]
    public async Task A_commit_of_the_entrys_or_of_the_deployments_own_is_taken_as_it_is()
    {
        var brief = await Brief(Entry.Replace("\"repo\"", $"\"revision\":\"{HubServer.Commit(5)}\",\"repo\"", StringComparison.Ordinal));
        Assert.Equal($"acme/own@{HubServer.Commit(5)} {HubServer.Commit(5)}", Pin(brief));
        Assert.Equal("", Arguments(brief, "declaredArguments"));
        Assert.Equal($"acme/tuned@{HubServer.Commit(6)} {HubServer.Commit(6)}", Pin(await Brief(Entry + $$""","weights":{"repo":"acme/tuned","revision":"{{HubServer.Commit(6)}}"}""")));
        Assert.Empty(_hub.Questions);
    }

    [Fact]
    public async Task Weights_of_ones_own_in_another_repository_are_pinned_and_in_a_folder_are_not()
    {
        _hub.Revisions["acme/tuned@v2"] = _ => HubServer.Commit(7);
        Assert.Equal($"acme/tuned@v2 {HubServer.Commit(7)}", Pin(await Brief(Entry + ""","weights":{"repo":"acme/tuned","revision":"v2"}""")));
        var brief = await Brief(Entry + ""","weights":{"path":"own/tuned"}""");
        Assert.Equal("none", Pin(brief));
        Assert.StartsWith("/models/own/tuned --served-model-name", Arguments(brief), StringComparison.Ordinal);
        Assert.Single(_hub.Questions);
    }

    [Theory]
    [InlineData(Entry + ""","command":["serve"]""")]
    [InlineData("""
        "entry":{"id":"own","modelType":"chat","engine":"vllm","repo":"acme/own","licence":"Apache-2.0","dockerfile":"FROM scratch"}
        """)]
    public async Task Where_the_command_is_not_ours_nobody_is_asked(string spec)
    {
        Assert.Equal("none", Pin(await Brief(spec.Trim())));
        Assert.Empty(_hub.Questions);
    }

    [Fact]
    public async Task Where_the_server_is_to_stay_offline_what_is_kept_is_taken_and_nobody_is_asked()
    {
        const string Offline = Entry + ""","environment":{"HF_HUB_OFFLINE":"1"}""";
        Assert.Equal("none", Pin(await Brief(Offline)));
        Assert.Empty(_hub.Questions);
        await Brief(Entry);
        Assert.Equal($"acme/own@main {HubServer.Commit(1)}", Pin(await Brief(Offline)));
        Assert.Single(_hub.Questions);
    }

    [Fact]
    public async Task A_question_stands_for_one_wish_and_is_asked_anew_for_the_next()
    {
        _hub.Instead = HubServer.Error(502);
        Assert.Equal("acme/own@main server_error", Pin(await Brief(Entry, "one")));
        Assert.Equal("acme/own@main server_error", Pin(await Brief(Entry, "one")));
        Assert.Single(_hub.Questions);
        _hub.Instead = null;
        Assert.Equal("acme/own@main server_error", Pin(await Brief(Entry, "one")));
        Assert.Equal($"acme/own@main {HubServer.Commit(1)}", Pin(await Brief(Entry, "two")));
        Assert.Equal(2, _hub.Questions.Count);
    }

    [Fact]
    public async Task An_acceptance_of_code_holds_for_the_commit_that_is_found()
    {
        var spec = Entry.Replace("\"repo\"", "\"remoteCode\":true,\"repo\"", StringComparison.Ordinal);
        (await _catalogue.Apply($"kind: LicenceAcceptance\nmetadata: {{ name: code }}\nspec: {{ remoteCode: acme/own, revision: '{HubServer.Commit(1)}' }}")).ExpectOk();
        Assert.NotEmpty((await Brief(spec, wish: ""))["faults"]!.AsArray());
        var brief = await Brief(spec);
        Assert.Empty(brief["faults"]!.AsArray());
        Assert.Contains($"--revision {HubServer.Commit(1)} --code-revision {HubServer.Commit(1)}", Arguments(brief), StringComparison.Ordinal);
    }
}
