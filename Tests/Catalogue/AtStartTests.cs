using System.Net;
using Microsoft.Extensions.Options;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class AtStartTests(PostgresServer postgres)
{
    [Fact]
    public async Task The_managed_set_is_applied_whole_at_each_start()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (var first = await StartAsync(database, $"Catalogue:ManagedResources:all={Documents.Many(Documents.Model("a", "a-id"), Documents.Model("b", "b-id"))}"))
        {
            Assert.Equal("apphost", (string?)(await first.Get($"{Root}/models/a")).ExpectOk().Json["metadata"]!["managedBy"]);
            (await first.Apply(Documents.Model("by-hand", "by-hand-id"))).ExpectOk();
        }

        await using var second = await StartAsync(database, $"Catalogue:ManagedResources:all={Documents.Model("b", "b-other")}");
        (await second.Get($"{Root}/models/a")).Expect(HttpStatusCode.NotFound);
        Assert.Equal("b-other", (string?)(await second.Get($"{Root}/models/b")).ExpectOk().Json["spec"]!["id"]);
        (await second.Get($"{Root}/models/by-hand")).ExpectOk();
    }

    [Fact]
    public async Task Replicas_that_start_together_apply_the_set_once()
    {
        var database = await postgres.CreateDatabaseAsync();
        var set = $"Catalogue:ManagedResources:all={Documents.Model("a", "a-id")}";
        var replicas = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => StartAsync(database, set)));
        var revisions = (await replicas[0].Get($"{Root}/models/a/revisions")).ExpectOk().Json["items"]!.AsArray();
        Assert.Equal("created", (string?)Assert.Single(revisions)!["action"]);
        foreach (var replica in replicas)
        {
            (await replica.Get($"{Root}/accesskeys/first")).ExpectOk();
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_refused_set_leaves_the_service_unready_with_each_reason()
    {
        await using var catalogue = await LaunchAsync(
            await postgres.CreateDatabaseAsync(), "Catalogue:ManagedResources:all={kind: Model, metadata: {name: m}, spec: {id: x, modelType: tlak}}");
        var health = await Eventually.Holds(catalogue.HealthAsync, health => health.Contains("ManagedResources", StringComparison.Ordinal), TimeSpan.FromSeconds(15));
        Assert.StartsWith("503", health, StringComparison.Ordinal);
        Assert.Contains("Catalogue:ManagedResources is refused: document 0, line 1, column 61, spec.modelType: expected one of chat, ", health, StringComparison.Ordinal);
        Assert.Contains("Catalogue:ManagedResources, document 0, line 1, column 61, spec.modelType", catalogue.Logged, StringComparison.Ordinal);
        (await catalogue.Get("/internal/snapshot", Internal)).Expect(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_name_that_somebody_holds_refuses_the_set_until_it_is_given_up()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var holder = await StartAsync(database);
        (await holder.Apply(Documents.Model("held", "held-id"))).ExpectOk();
        await using var refused = await LaunchAsync(database, $"Catalogue:ManagedResources:all={Documents.Model("held", "other-id")}");
        await Eventually.Holds(refused.HealthAsync, health => health.Contains("is managed by", StringComparison.Ordinal), TimeSpan.FromSeconds(15));
        (await holder.Delete($"{Root}/models/held")).ExpectOk();
        await refused.ReadyAsync();
    }

    [Fact]
    public async Task A_changed_first_key_replaces_the_old_one()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (await StartAsync(database))
        {
        }

        const string Another = "ork_AnotherFirstAdministratorKeyAnotherFirst";
        await using var catalogue = await StartAsync(database, $"Catalogue:FirstKey={Another}");
        (await catalogue.Get(Root, Another)).ExpectOk();
        (await catalogue.Get(Root, FirstKey)).Expect(HttpStatusCode.Unauthorized);
        Assert.DoesNotContain(Another, catalogue.Logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_options_stop_the_start_and_name_the_key()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => LaunchAsync("Host=127.0.0.1", "Catalogue:FirstKey=short", "Catalogue:WatchWindow=1"));
        Assert.Contains("Catalogue:FirstKey has 5 characters; expected at least 16", error.Message, StringComparison.Ordinal);
        Assert.Contains("WatchWindow", error.Message, StringComparison.Ordinal);
    }
}
