using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Container;

/// <summary>A Builder that is killed between any two steps leaves what the next one finishes.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class CutOffTests(ServerImage image)
{
    // Passes everything on to podman, and hangs before the Nth call that changes something.
    private const string Script = """
        #!/bin/sh
        here=$(dirname "$0")
        case "$1 $2" in
          create*|start*|rename*|rm*|kill*|"volume create"|"volume rm")
            n=$(($(cat "$here/count" 2>/dev/null || echo 0) + 1)); echo $n > "$here/count"
            if [ $n -ge $(cat "$here/stop") ]; then touch "$here/stopped"; exec sleep 1000; fi ;;
        esac
        exec podman "$@"
        """;

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_first_start_is_finished_by_the_next(int step)
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template());
        await CutAsync(world, step, (target, token) => target.ApplyAsync(wanted, token));
        Assert.Equal(0, (await world.ReadyAsync(wanted)).Restarts);
        Assert.Single(await world.ContainersAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_restart_is_finished_by_the_next_and_counted_once(int step)
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template());
        await world.ReadyAsync(wanted);
        await ContainerWorld.PodmanAsync("kill", "--signal", "KILL", (await world.ContainersAsync()).Single());
        await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        await CutAsync(world, step, (target, token) => target.ApplyAsync(wanted, token));
        Assert.Equal(1, (await world.ReadyAsync(wanted)).Restarts);
        Assert.Equal(2, (await world.ContainersAsync()).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task An_end_is_finished_by_the_next(int step)
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with { Drain = TimeSpan.Zero, Cache = WeightCaches.None });
        await world.ReadyAsync(wanted);
        await CutAsync(world, step, (target, token) => target.RemoveAsync(wanted.Key, 1, token));
        await Eventually.Holds(() => world.Target.RemoveAsync(wanted.Key, 1, Soon), gone => gone);
        Assert.Empty(await world.ContainersAsync());
        Assert.Empty(await ContainerWorld.VolumesAsync());
    }

    /// <summary>Lets a Builder do its work up to a step, and is then the next Builder.</summary>
    private static async Task CutAsync(ContainerWorld world, int step, Func<ITarget, CancellationToken, Task> work)
    {
        var folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        var tool = Path.Combine(folder, "podman");
        await ToolScript.WriteAsync(tool, Script);
        await File.WriteAllTextAsync(Path.Combine(folder, "stop"), $"{step}\n", Soon);
        var cut = world.NewTarget(options => options.Tool = tool);
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(Soon);
        var working = work(cut, killed.Token);
        await Eventually.Holds(() => File.Exists(Path.Combine(folder, "stopped")));
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => working);
        await world.RestartAsync();
        Directory.Delete(folder, recursive: true);
    }
}
