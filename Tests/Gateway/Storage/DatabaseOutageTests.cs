using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway.Storage;
using Orrery.Tests.Gateway.Responses;

namespace Orrery.Tests.Gateway.Storage;

/// <summary>The gateway's database goes away and comes back.</summary>
public sealed class DatabaseOutageTests(PostgresServer postgres)
{
    private const string Responses = "/v1/responses";

    [Fact]
    public async Task A_gateway_finds_its_database_again()
    {
        await using var own = new PostgresServer();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await WorldAsync(engine, own);
        var database = world.Gateway.Services.GetRequiredService<GatewayDatabase>();
        await own.StopAsync();
        await Eventually.Holds(
            async () =>
            {
                using var away = await world.Client.GetAsync(Responses + "/resp_1");
                Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
                return database.Fault;
            },
            fault => fault is not null);
        await own.StartAgainAsync();
        await Eventually.Holds(async () => (await world.Client.GetAsync(Responses + "/resp_1")).StatusCode, status => status == HttpStatusCode.NotFound, TimeSpan.FromSeconds(10));
        Assert.Null(database.Fault);
    }

    [Fact]
    public async Task After_an_outage_longer_than_the_lease_nobody_takes_what_is_still_run()
    {
        await using var own = new PostgresServer();
        var ready = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await ready.Task.WaitAsync(http.RequestAborted);
            await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
        });
        await using var world = await WorldAsync(engine, own, "--Gateway:Storage:Lease=00:00:02");
        List<OtherGateway> others = [await OtherGateway.StartAsync(world), await OtherGateway.StartAsync(world), await OtherGateway.StartAsync(world)];
        var begun = await BackgroundTests.AskAsync(world, """{"model":"m","input":"?","background":true}""");
        await Eventually.Holds(() => engine.Requests.Count == 1);
        await own.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, TestContext.Current.CancellationToken);
        await own.StartAgainAsync();
        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System, TestContext.Current.CancellationToken); // Until they might.
        ready.SetResult();
        Assert.Equal("completed", (string?)(await BackgroundTests.EndedAsync(world, (string)begun["id"]!))["status"]);
        Assert.Single(engine.Requests);
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_is_done_again_and_again_is_done_again_after_a_fault()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await WorldAsync(engine, postgres);
        world.ExpectError("StorageRoundFailed");
        using var stopping = new CancellationTokenSource();
        var rounds = 0;
        await world.Gateway.Services.GetRequiredService<GatewayDatabase>().RepeatAsync(
            TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1), _ => ++rounds < 3 ? throw new InvalidOperationException("A fault.") : stopping.CancelAsync(), stopping.Token);
        Assert.Equal(3, rounds);
    }

    private static async Task<GatewayWorld> WorldAsync(ScriptedEngine engine, PostgresServer server, params string[] settings)
    {
        var world = await GatewayWorld.StartAsync(engine, ["--ConnectionStrings:orrery=" + await server.CreateDatabaseAsync(), .. settings]);
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Responses + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        return world;
    }
}
