using System.Diagnostics;
using System.Globalization;
using System.Net;
using Orrery.Tests.Builder.Container;

namespace Orrery.Tests.Builder.Builds;

/// <summary>Whose turn it is, when many want to build at once.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class BuildQueueTests(ServerImage image, PostgresServer postgres, ITestOutputHelper output)
{
    private const int Many = 30;
    private const int Few = 20;

    [Fact]
    public async Task Fifty_builds_of_two_namespaces_take_turns_and_within_each_keep_their_order()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "queue", "Builder:Builds:Parallel=2");
        (await story.World.Apply(BuildStory.Secret(story.Registry, "acme"))).ExpectOk();
        var begun = Stopwatch.GetTimestamp();
        await AskAsync(story, "default", Many);
        await AskAsync(story, "acme", Few);
        await Eventually.Holds(async () => (await DoneAsync(story, "default")).Count + (await DoneAsync(story, "acme")).Count, done => done == Many + Few, TimeSpan.FromMinutes(5));
        var took = Stopwatch.GetElapsedTime(begun);

        var (many, few) = (await DoneAsync(story, "default"), await DoneAsync(story, "acme"));
        Assert.Equal(Enumerable.Range(0, Many).Select(number => $"built-default{number}"), many.Select(build => build.Model));
        Assert.Equal(Enumerable.Range(0, Few).Select(number => $"built-acme{number}"), few.Select(build => build.Model));

        // From the moment that the second namespace wants something, every other turn is its own: it has not to wait for those that were there before it.
        var before = many.Count(build => build.Started < few[0].Started);
        var meanwhile = many.Count(build => build.Started > few[0].Started && build.Started < few[^1].Started);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Many + Few} builds in {took.TotalSeconds:0.0} s, two at once. {before} of the first namespace had begun before the second's first, {meanwhile} began between its first and its last ({Few})."));
        Assert.InRange(before, 1, Many - Few);
        Assert.InRange(meanwhile, Few - 4, Few + 4);
    }

    private static async Task AskAsync(BuildStory story, string @namespace, int count)
    {
        (await story.World.Apply(string.Concat(Enumerable.Range(0, count).Select(number => story.Model($"built-{@namespace}{number}", "").Replace($"name: built-{@namespace}{number} }}", $"name: built-{@namespace}{number}, namespace: {@namespace} }}", StringComparison.Ordinal))))).ExpectOk();
        for (var number = 0; number < count; number++)
        {
            (await story.World.Catalogue.Post($"/namespaces/{@namespace}/builds?model=built-{@namespace}{number}", "")).Expect(HttpStatusCode.Accepted);
        }
    }

    /// <summary>In the order in which they were begun.</summary>
    private static async Task<List<(string Model, DateTimeOffset Started)>> DoneAsync(BuildStory story, string @namespace) =>
        [.. (await story.World.Catalogue.Get($"/namespaces/{@namespace}/builds?state=done&limit=1000")).ExpectOk().Json["data"]!.AsArray()
            .Select(build => (Model: (string)build!["model"]!, Started: (DateTimeOffset)build["startedAt"]!)).OrderBy(build => build.Started)];
}
