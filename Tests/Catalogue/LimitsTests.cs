using System.Net;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class LimitsTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Team = "kind: Team\nmetadata: {name: search}\nspec: {display_name: Search, tags: [general], limits: {requests: [{count: 600, per: 1m}], concurrency: 50}}";
    private const string Key = "kind: AccessKey\nmetadata: {name: app}\nspec: {team: search, priority: 10, limits: {tokens: [{count: 1000, per: 1h}, {count: 5000, per: 7d}]}}";
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_key_names_a_team_that_exists_and_holds_it()
    {
        var missing = (await _catalogue.Apply(Key)).Text;
        Assert.Contains("spec.team", missing, StringComparison.Ordinal);
        Assert.Contains("a Team of namespace", missing, StringComparison.Ordinal);

        (await _catalogue.Apply(Documents.Many(Key, Team))).ExpectOk();
        var held = (await _catalogue.Delete($"{Root}/teams/search")).Expect(HttpStatusCode.Conflict);
        Assert.Contains("Team 'search' is named by AccessKey 'app': delete or change that first.", held.Text.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        (await _catalogue.Delete($"{Root}/accesskeys/app")).ExpectOk();
        (await _catalogue.Delete($"{Root}/teams/search")).ExpectOk();
    }

    [Fact]
    public async Task Limits_reach_the_snapshot_and_a_change_is_a_delta()
    {
        (await _catalogue.Apply(Documents.Many(
            Key, Team,
            "kind: Model\nmetadata: {name: m}\nspec: {id: m, modelType: chat, limits: {concurrency: 4}}",
            "kind: ModelProvider\nmetadata: {name: p}\nspec: {provider: vllm, endpoint: http://h, models: [{id: m}], limits: {requests: [{count: 5, per: 10s}]}}"))).ExpectOk();
        await using var stream = await _catalogue.Snapshot();
        var snapshot = JsonSerializer.Deserialize((await stream.NextAsync("snapshot")).Data, ContractsJson.Default.SnapshotDocument)!;
        var team = Assert.Single(snapshot.Teams);
        Assert.Equal(("search", "general", 50), (team.Name, Assert.Single(team.Tags), team.Limits!.Concurrency));
        var key = snapshot.Keys.Single(one => one.Name == "app");
        Assert.Equal(("search", 10, TimeSpan.FromDays(7)), (key.Team, key.Priority, key.Limits!.Tokens![1].Per.Value));
        Assert.Equal(4, snapshot.Models.Single().Limits!.Concurrency);
        Assert.Equal(5, snapshot.Providers.Single().Limits!.Requests!.Single().Count);

        (await _catalogue.Apply(Team.Replace("600", "700", StringComparison.Ordinal))).ExpectOk();
        var delta = JsonSerializer.Deserialize((await stream.NextAsync("delta")).Data, ContractsJson.Default.SnapshotDelta)!;
        Assert.Equal((700, 0), (Assert.Single(delta.Teams).Limits!.Requests!.Single().Count, delta.Keys.Count));
        var merged = Orrery.Gateway.SnapshotMerge.Apply(snapshot, delta);
        Assert.Equal(700, Assert.Single(merged.Teams).Limits!.Requests!.Single().Count);
    }

    [Theory]
    [InlineData("requests: [{count: 0, per: 1m}]", "spec.limits.requests[0].count", "a whole number from 1 to 1000000000000")]
    [InlineData("tokens: [{count: 1, per: 500ms}]", "spec.limits.tokens[0].per", "a duration from 1s to 31d, such as 1m, 1h or 1d")]
    [InlineData("tokens: [{count: 1, per: 1m}, {count: 2, per: 60s}]", "spec.limits.tokens[1].per", "a window that is limited once")]
    [InlineData("requests: [{count: 1}]", "spec.limits.requests[0].per", "required: a duration such as 500ms, 30s, 5m, 1h30m or 7d")]
    [InlineData("concurrency: 0", "spec.limits.concurrency", "a number of requests above 0")]
    public async Task A_limit_that_cannot_be_meant_is_refused_by_name(string limits, string path, string expectation)
    {
        var answer = await _catalogue.Apply($"kind: Team\nmetadata: {{name: t}}\nspec: {{limits: {{{limits}}}}}");
        var error = Assert.Single(answer.Errors);
        Assert.Equal((path, expectation), ((string?)error["path"], (string?)error["expectation"]));
    }
}
