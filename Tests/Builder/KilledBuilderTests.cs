using System.Net;
using Dapper;
using Npgsql;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder;

/// <summary>The Builder as a process of its own, killed once after each transaction that it commits on the way there and on the way back: the next one finishes what it had begun.</summary>
public sealed class KilledBuilderTests(PostgresServer postgres)
{
    /// <summary>More than any Builder needs: a step that never comes is found out by the state that it would lead to.</summary>
    private const int MostSteps = 20;

    [Fact]
    public async Task Killed_after_each_step_it_still_arrives_with_nothing_made_twice_and_goes_with_nothing_left_over()
    {
        await using var world = await BuilderWorld.StartAsync(postgres, startsBuilder: true);
        await world.StopBuilderAsync(); // It has made its tables.
        await using var builder = await MortalBuilder.StartAsync(world, ["deployments", "revisions", "replicas", "events"]);
        (await world.Apply("kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 4 }\n")).ExpectOk();
        var (kills, step) = (0, 1);
        for (var isOver = false; !isOver; step++)
        {
            Assert.True(step < MostSteps);
            var wasKilledUp = await builder.KillAfterAsync(
                step, () => IsRunningAsync(world), async () => (await world.Apply("kind: ModelDeployment\nmetadata: { name: chat }\nspec: { model: qwen3-8b, replicas: 2, rollout: { drain: 0s } }\n")).ExpectOk());
            Assert.Equal(2, (await world.SimulatedReplicas()).Count);
            Assert.Equal(2, (await world.Endpoints("chat")).Count);
            Assert.Equal(HttpStatusCode.OK, (await Eventually.Holds(() => world.Ask("qwen3-8b"), answer => answer.Status == HttpStatusCode.OK)).Status);

            var wasKilledDown = await builder.KillAfterAsync(
                step, () => IsGoneAsync(world, builder.Holder), async () => (await world.Catalogue.Delete($"{Root}/modeldeployments/chat")).ExpectOk());
            Assert.Empty(await world.SimulatedReplicas());
            Assert.Empty(await world.Endpoints("chat"));
            kills += (wasKilledUp ? 1 : 0) + (wasKilledDown ? 1 : 0);
            isOver = !wasKilledUp && !wasKilledDown;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"killed {kills} times, after each of up to {step - 2} steps");
        Assert.InRange(kills, 4, 2 * MostSteps);
    }

    private static async Task<bool> IsRunningAsync(BuilderWorld world) =>
        await world.StatusOf("chat") is { } status && (string?)status["phase"] == "running" && (int?)status["replicas"]?["ready"] == 2 && (string?)status["conditions"]?[1]?["reason"] == "Arrived";

    private static async Task<bool> IsGoneAsync(BuilderWorld world, NpgsqlConnection holder) =>
        (await world.Catalogue.Get($"{Root}/modeldeployments/chat")).Status == HttpStatusCode.NotFound && await holder.QuerySingleAsync<long>("SELECT count(*) FROM builder.deployments") == 0;
}
