using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;

namespace Orrery.Tests.Gateway;

/// <summary>A large platform changes by little: what is taken over, and that it is never what has changed.</summary>
public sealed class SnapshotGrowthTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(500);

    [Fact]
    public void Keys_that_follow_their_changes_are_those_of_a_table_made_anew() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var document = new SnapshotDocument { Revision = 1, Keys = [.. Enumerable.Range(0, random.Next(1, 40)).Select(i => Key(i, random))] };
        var table = KeyTable.Of(document.Keys);
        for (var change = 0; change < 8; change++)
        {
            var before = document.Keys;
            document = SnapshotMerge.Apply(document, Delta(document, random));
            table = table.Follow(before, document.Keys);
            var anew = KeyTable.Of(document.Keys);
            Assert.Equal(anew.Hashes.ToHashSet(), table.Hashes.ToHashSet());
            Assert.All(anew.Hashes, hash => Assert.Same(Found(anew, hash), Found(table, hash)));
        }
    }).Check(Often);

    [Fact]
    public void A_table_that_others_still_use_does_not_change()
    {
        SnapshotKey[] keys = [Key(1), Key(2), Key(3), Key(4), Key(5)];
        var table = KeyTable.Of(keys);
        var next = table.Follow(keys, [.. keys[..4]]);
        Assert.True(table.TryGetValue(KeyHash.Parse(keys[4].Sha256), out _));
        Assert.False(next.TryGetValue(KeyHash.Parse(keys[4].Sha256), out _));
        Assert.Same(next, next.Follow(keys, keys));
    }

    [Fact]
    public void Merging_says_what_identities_say_and_leaves_the_rest_in_its_place() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var document = new SnapshotDocument { Revision = 1, Keys = [.. Enumerable.Range(0, random.Next(0, 30)).Select(i => Key(i, random))], Models = [Model("vendor/m"), Model("m")] };
        var delta = Delta(document, random) with { Removed = [.. Delta(document, random).Removed, "model/default/m", "provider/default/key-1"] };
        var merged = SnapshotMerge.Apply(document, delta);
        var expected = document.Keys.ToDictionary(key => key.Identity);
        foreach (var gone in delta.Removed)
        {
            expected.Remove(gone);
        }

        foreach (var key in delta.Keys)
        {
            expected[key.Identity] = key;
        }

        Assert.Equal(expected.Count, merged.Keys.Count);
        Assert.All(merged.Keys, key => Assert.Same(expected[key.Identity], key));
        Assert.Equal(document.Keys.Where(merged.Keys.Contains), merged.Keys.Where(document.Keys.Contains));
        Assert.Equal(["vendor/m"], merged.Models.Select(model => model.Id));
        Assert.Same(document.Routes, merged.Routes);
    }).Check(Often);

    [Fact]
    public void A_snapshot_that_comes_again_is_the_same_objects_but_for_what_it_says_anew()
    {
        var reader = new SnapshotReader();
        var document = Whole();
        var first = reader.Read(Json(document));
        var again = reader.Read(Json(document with { Revision = 2 }));
        Assert.Equal(2, again.Revision);
        Assert.Same(first.Models, again.Models);
        Assert.Same(first.Keys, again.Keys);
        var changed = reader.Read(Json(document with { Revision = 3, Keys = [document.Keys[0], document.Keys[1] with { Tags = ["new"] }, document.Keys[2]] }));
        Assert.Same(first.Keys[0], changed.Keys[0]);
        Assert.Equal(["new"], changed.Keys[1].Tags);
        Assert.Same(first.Keys[2], changed.Keys[2]);
        Assert.Same(first.Models, changed.Models);
    }

    /// <summary>Lists of a later release that the reader does not know by name must not get lost: it reads as the contract does.</summary>
    [Fact]
    public void What_is_read_is_what_the_contract_reads()
    {
        var document = Whole();
        Assert.All(
            typeof(SnapshotDocument).GetProperties().Where(property => property.PropertyType != typeof(int) && property.PropertyType != typeof(long)),
            property => Assert.NotEmpty((System.Collections.IEnumerable)property.GetValue(document)!));
        var json = Json(document);
        Assert.Equal(JsonSerializer.Serialize(JsonSerializer.Deserialize(json, ContractsJson.Default.SnapshotDocument), ContractsJson.Default.SnapshotDocument), Text(new SnapshotReader().Read(json)));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{\"revision\":1,\"keys\":[null]}")]
    [InlineData("{\"revision\":1,\"keys\":[{\"name\":\"k\"")]
    [InlineData("{\"keys\":[]}")]
    public void What_is_no_snapshot_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => new SnapshotReader().Read(System.Text.Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Null_is_an_empty_list() => Assert.Empty(new SnapshotReader().Read("{\"revision\":1,\"keys\":null,\"Models\":[]}"u8).Keys);

    [Fact]
    public async Task A_changed_key_leaves_models_as_they_are_and_a_changed_provider_those_of_others()
    {
        await using var world = await GatewayWorld.StartAsync(TwoProviders());
        var first = world.Current.Value!;
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Keys = [GatewayWorld.AccessKey() with { Tags = ["new"] }] });
        var second = await AtAsync(world, 2);
        Assert.Same(first.Models["default"], second.Models["default"]);
        Assert.Equal(["new"], second.Callers.Values.Single().Key.Tags);

        world.Catalogue.Send(new SnapshotDelta { From = 2, Revision = 3, Providers = [GatewayWorld.Provider("p1", "http://127.0.0.1:2/v1") with { Weight = 7 }] });
        var third = await AtAsync(world, 3);
        Assert.Equal(7, third.Models["default"].ByName["of-p1"].Plan.Candidates[0].Provider.Weight);
        Assert.Equal(7, third.Models["default"].ByName["of-both"].Plan.Candidates[0].Provider.Weight);
        Assert.Same(second.Models["default"].ByName["of-p2"], third.Models["default"].ByName["of-p2"]);
        Assert.Same(third.Models["default"], third.Callers.Values.Single().Models);
    }

    [Fact]
    public async Task A_provider_that_comes_later_serves_the_models_that_waited_for_it()
    {
        var whole = TwoProviders();
        await using var world = await GatewayWorld.StartAsync(whole with { Providers = [whole.Providers[0]] });
        Assert.Empty(world.Current.Value!.Models["default"].ByName["of-p2"].Plan.Candidates);
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Providers = [whole.Providers[1]] });
        var next = await AtAsync(world, 2);
        Assert.Single(next.Models["default"].ByName["of-p2"].Plan.Candidates);
        Assert.Equal(2, next.Models["default"].ByName["of-both"].Plan.Candidates.Count);
        world.Catalogue.Send(new SnapshotDelta { From = 2, Revision = 3, Removed = ["provider/default/p1"] });
        var last = await AtAsync(world, 3);
        Assert.Empty(last.Models["default"].ByName["of-p1"].Plan.Candidates);
        Assert.Equal("p2", Assert.Single(last.Models["default"].ByName["of-both"].Plan.Candidates).Provider.Name);
    }

    [Fact]
    public async Task A_changed_team_and_a_changed_route_reach_requests()
    {
        var whole = TwoProviders();
        await using var world = await GatewayWorld.StartAsync(whole with { Keys = [GatewayWorld.AccessKey() with { Team = "t" }], Teams = [new SnapshotTeam { Namespace = "default", Name = "t" }] });
        Assert.Null(world.Current.Value!.Callers.Values.Single().Limits);
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Teams = [new SnapshotTeam { Namespace = "default", Name = "t", Limits = new Limits { Concurrency = 3 } }] });
        Assert.Equal(3, Assert.Single((await AtAsync(world, 2)).Callers.Values.Single().Limits!).Count);
        world.Catalogue.Send(new SnapshotDelta { From = 2, Revision = 3, Routes = [Route("r", "of-p2")] });
        Assert.Equal("of-p2", Assert.Single((await AtAsync(world, 3)).Models["default"].RouteNames).Target.Id);
        world.Catalogue.Send(new SnapshotDelta { From = 3, Revision = 4, Removed = ["route/default/r"] });
        Assert.Empty((await AtAsync(world, 4)).Models["default"].RouteNames);
    }

    private static async Task<Snapshot> AtAsync(GatewayWorld world, long revision)
    {
        await Eventually.Holds(() => world.Current.Value!.Revision == revision);
        return world.Current.Value!;
    }

    private static SnapshotDocument TwoProviders() => GatewayWorld.Document(GatewayWorld.Provider("p1", "http://127.0.0.1:1/v1"), GatewayWorld.Provider("p2", "http://127.0.0.1:1/v1")) with
    {
        Models = [Model("of-p1", "p1"), Model("of-p2", "p2"), Model("of-both", "p1", "p2")],
    };

    private static SnapshotDocument Whole() => TwoProviders() with
    {
        Keys = [Key(1), Key(2), Key(3)],
        Routes = [Route("r", "of-p1")],
        Teams = [new SnapshotTeam { Namespace = "default", Name = "t", Limits = new Limits { Concurrency = 1 } }],
    };

    private static SnapshotRoute Route(string name, string target) => new()
    {
        Namespace = "default",
        Name = name,
        Match = new RouteMatch { Models = [name + "-model"] },
        Targets = [new RouteTarget { Model = target }],
    };

    private static SnapshotModel Model(string id, params string[] providers) => GatewayWorld.Model(id, ModelTypes.Chat, providers);

    /// <summary>Some have the token of another.</summary>
    private static SnapshotKey Key(int i, Random random) => Key(i, token: random.Next(8) == 0 ? random.Next(40) : i);

    private static SnapshotKey Key(int i, int? token = null) => GatewayWorld.AccessKey($"ork_{token ?? i:D40}", $"key-{i}");

    private static SnapshotDelta Delta(SnapshotDocument document, Random random)
    {
        List<SnapshotKey> changed = [];
        for (var i = random.Next(4); i > 0; i--)
        {
            var key = Key(random.Next(50), random);
            changed.RemoveAll(other => other.Identity == key.Identity);
            changed.Add(key);
        }

        return new SnapshotDelta
        {
            From = document.Revision,
            Revision = document.Revision + 1,
            Keys = changed,
            Removed = [.. Enumerable.Range(0, random.Next(3)).Select(_ => $"key/default/key-{random.Next(50)}")],
        };
    }

    private static SnapshotKey Found(KeyTable table, KeyHash hash) => table.TryGetValue(hash, out var key) ? key : throw new InvalidOperationException("Not found.");

    private static byte[] Json(SnapshotDocument document) => JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.SnapshotDocument);

    private static string Text(SnapshotDocument document) => JsonSerializer.Serialize(document, ContractsJson.Default.SnapshotDocument);
}
