using Dapper;
using Orrery.Tests.Builder.Container;

namespace Orrery.Tests.Builder.Builds;

/// <summary>The Builder killed after each transaction that it commits for a build: the next one finishes what it had begun.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class KilledBuildTests(ServerImage image, PostgresServer postgres, ITestOutputHelper output)
{
    private const int MostSteps = 20;

    [Fact]
    public async Task Killed_after_each_step_the_image_is_built_once_and_nothing_is_left_over()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "killed", "Builder:Builds:FirstPause=00:00:01");
        await story.World.StopBuilderAsync(); // It has made its tables.
        await using var builder = await MortalBuilder.StartAsync(story.World, ["builds"], story.Story.Settings);
        var (kills, wasKilled) = (0, true);
        for (var step = 1; wasKilled; step++)
        {
            Assert.True(step < MostSteps);
            var model = $"built-killed{step}";
            wasKilled = await builder.KillAfterAsync(
                step,
                async () => await builder.Holder.QuerySingleAsync<long>("SELECT count(*) FROM builder.builds WHERE model = @model AND state = 'done'", new { model }) == 1,
                async () => (await story.World.Apply(story.Model(model, $"RUN echo {step} && sleep 1") + BuildStory.Deployment($"killed{step}", model).Replace("cache: none", "cache: none, replicas: 0", StringComparison.Ordinal))).ExpectOk());
            var (state, attempt, built) = await builder.Holder.QuerySingleAsync<(string, int, string)>("SELECT state, attempt, image FROM builder.builds WHERE model = @model", new { model });
            output.WriteLine($"After step {step}: {(wasKilled ? "killed" : "lived")}, {state} with attempt {attempt}.");
            Assert.Equal(0, (await ContainerWorld.PodmanAsync("image", "exists", built)).Code);
            Assert.Empty(story.Files());
            Assert.Empty(await story.WorkingContainers());
            kills += wasKilled ? 1 : 0;
        }

        Assert.InRange(kills, 3, MostSteps);
    }
}
