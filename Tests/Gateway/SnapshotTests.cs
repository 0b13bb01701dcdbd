using System.Net;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>What the gateway holds of the Catalogue, and what happens while the Catalogue is away.</summary>
public sealed class SnapshotTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_revoked_key_is_refused_within_a_second_and_the_others_are_not()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        const string other = "ork_0000000000000000000000000000000000000002";
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with { Keys = [.. document.Keys, GatewayWorld.AccessKey(other, "other")] });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(world, GatewayWorld.Key));
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Removed = ["key/default/team-key"] });
        await Eventually.Holds(() => StatusAsync(world, GatewayWorld.Key), status => status == HttpStatusCode.Unauthorized, Soon);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(world, other));
    }

    [Fact]
    public async Task Without_a_snapshot_the_answer_is_503_and_never_401()
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        world.ExpectError("HealthCheckEnd"); // The framework's own words for "unready".
        var directory = Path.Combine(world.DataDirectory, "elsewhere");
        await using var fresh = world.Build(directory, "http://127.0.0.1:9");
        await fresh.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(fresh.Urls.First()) };
        foreach (var key in new[] { GatewayWorld.Key, "ork_unknown" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
            request.Headers.Add("Authorization", "Bearer " + key);
            using var response = await client.SendAsync(request);
            Assert.Equal(
                new ErrorBody(503, "This gateway has just started and knows no keys and models yet. Try again in a moment.", "service_unavailable", null, "no_snapshot"),
                await ErrorBody.ReadAsync(response));
            Assert.True(response.Headers.Contains("Retry-After"));
        }

        using var ready = await client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("no snapshot from the Catalogue yet", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var live = await client.GetAsync("/health/live");
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        await fresh.StopAsync();
    }

    [Fact]
    public async Task Traffic_goes_on_without_the_catalogue_and_a_restart_starts_from_disk()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Models = [GatewayWorld.Model("later", ModelTypes.Chat, "p1")] });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        await world.Catalogue.DisposeAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(world, GatewayWorld.Key));
        await world.StopGatewayAsync();
        await world.StartGatewayAsync();
        using var ready = await world.Client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        using var response = await world.PostAsync(GatewayWorld.Chat("later"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task The_copy_on_disk_holds_credentials_sealed_and_is_for_its_owner_only()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var sealer = new Orrery.ServiceDefaults.SecretSealer(GatewayWorld.SecretsKey);
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", engine.Url) with { ApiKey = sealer.Seal("c", "sk-very-secret"), ApiKeyContext = "c" }));
        var path = Path.Combine(world.DataDirectory, "slot-0", "snapshot.json");
        await Eventually.Holds(() => File.Exists(path));
        var text = await File.ReadAllTextAsync(path);
        Assert.DoesNotContain("sk-very-secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain(GatewayWorld.Key, text, StringComparison.Ordinal);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task A_delta_that_does_not_fit_makes_the_gateway_ask_for_the_whole()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.Catalogue.Replace(GatewayWorld.Document(engine) with { Revision = 9 });
        world.Catalogue.Tell(SnapshotEvents.Delta, JsonSerializer.Serialize(new SnapshotDelta { From = 8, Revision = 9 }, ContractsJson.Default.SnapshotDelta));
        await Eventually.Holds(() => world.Current.Value!.Revision == 9);
        Assert.Equal(0, world.Catalogue.AskedSince.Last());
    }

    [Fact]
    public async Task A_revision_that_the_catalogue_no_longer_knows_makes_the_gateway_ask_for_the_whole()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine) with { Revision = 50 });
        world.Catalogue.Replace(GatewayWorld.Document(engine) with { Revision = 3 });
        world.Catalogue.Heartbeats = false; // The gateway reconnects, is told 410, and starts anew.
        await Eventually.Holds(() => world.Current.Value!.Revision == 3);
        world.Catalogue.Heartbeats = true;
        Assert.Contains(50, world.Catalogue.AskedSince);
    }

    [Fact]
    public async Task A_heartbeat_that_stays_ahead_makes_the_gateway_connect_again()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.Catalogue.Replace(GatewayWorld.Document(engine) with { Revision = 2 });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2, TimeSpan.FromSeconds(5));
        Assert.Equal(1, world.Catalogue.AskedSince.Last());
    }

    [Fact]
    public async Task A_format_of_the_future_leaves_the_old_snapshot_in_force()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        world.ExpectError("SnapshotFormatUnknown");
        world.Catalogue.Tell(SnapshotEvents.Snapshot, JsonSerializer.Serialize(
            GatewayWorld.Document() with { Format = 99, Revision = 1, Keys = [] }, ContractsJson.Default.SnapshotDocument));
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2 });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(world, GatewayWorld.Key));
    }

    [Fact]
    public async Task A_request_keeps_the_snapshot_it_began_with()
    {
        var release = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync();
        var answer = engine.Script;
        engine.Script = async http =>
        {
            await release.Task;
            await answer(http);
        };
        await using var world = await GatewayWorld.StartAsync(engine);
        var sending = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => engine.Requests.Count == 1);
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Removed = ["provider/default/p1", "model/default/m"] });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        release.SetResult();
        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var gone = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    private static async Task<HttpStatusCode> StatusAsync(GatewayWorld world, string key)
    {
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("Authorization", "Bearer " + key));
        return response.StatusCode;
    }
}
