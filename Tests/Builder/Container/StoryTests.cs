using System.Net;
using System.Text.RegularExpressions;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

/// <summary>The life of a deployment on podman, as its operator and its callers see it.</summary>
[Collection(ServerImageCollection.Name)]
public sealed partial class StoryTests(ServerImage image, PostgresServer postgres, ITestOutputHelper output)
{
    private const string Model = "acme-chat";

    [Fact]
    public async Task Declared_called_scaled_killed_under_load_updated_to_what_breaks_and_deleted_with_nothing_left_over()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "story");
        var before = await story.Holdings();
        await Starts(story);
        await Scales(story);
        await using (var load = SteadyLoad.Begin(story.World.Gateway.BaseAddress!, Model))
        {
            await BothAreAsked(story);
            await Heals(story, load);
            await ComesBack(story, load);
        }

        await story.Delete("chat");
        Assert.Equal(before, await story.Holdings());
        Assert.Equal("Deleted", (string?)(await story.World.Events("chat"))[^1]["reason"]);
        Assert.Equal(HttpStatusCode.NotFound, (await Eventually.Holds(() => story.World.Ask(Model), answer => answer.Status == HttpStatusCode.NotFound)).Status);
    }

    /// <summary>503 with the phase until it runs, then a provider of the gateway's, whom OpenAI's client can ask.</summary>
    private static async Task Starts(ContainerStory story)
    {
        var world = story.World;
        Assert.Equal(HttpStatusCode.NotFound, (await world.Ask(Model)).Status);
        (await world.Apply(Deployment(1))).ExpectOk();
        var (_, refusal) = await Eventually.Holds(() => world.Ask(Model), answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        Assert.Matches("phase: (deploying|active)", refusal);
        var status = await world.Running("chat");
        Assert.Equal(["active", "deploying"], status!["timings"]!.AsObject().Select(phase => phase.Key).Order(StringComparer.Ordinal));
        Assert.StartsWith("sha256:", (string?)status["digest"], StringComparison.Ordinal);
        Assert.Equal(ServerImage.Name, (string?)status["image"]);
        var revision = Assert.Single((await world.Catalogue.Get("/deployments/chat/revisions")).ExpectOk().Json["data"]!.AsArray())!;
        Assert.Equal((ServerImage.Name, (string?)status["digest"]), ((string?)revision["image"], (string?)revision["digest"]));
        Assert.Single(await world.Events("chat"), told => (string?)told["message"] == $"Revision 1 runs {ServerImage.Name} ({status["digest"]}).");
        Assert.Equal([await AddressOf(story, 0)], await world.Endpoints("chat"));
        await Eventually.Holds(() => world.Ask(Model), answer => answer.Status == HttpStatusCode.OK);

        var told = await story.AskWithOpenAi(Model);
        Assert.Equal([Model], told.GetProperty("listed").EnumerateArray().Select(id => id.GetString()));
        var answer = told.GetProperty("answers")[0];
        Assert.Equal(Model, answer.GetProperty("chat").GetProperty("model").GetString());
        Assert.NotEmpty(answer.GetProperty("chat").GetProperty("content").GetString()!);
        Assert.Equal(answer.GetProperty("chat").GetProperty("content").GetString(), answer.GetProperty("stream").GetProperty("content").GetString());
        Assert.Equal(answer.GetProperty("chat").GetProperty("tokens").GetInt32(), answer.GetProperty("stream").GetProperty("tokens").GetInt32());
    }

    private static async Task Scales(ContainerStory story)
    {
        (await story.World.Apply(Deployment(2))).ExpectOk();
        var status = await story.World.Running("chat", ready: 2);
        Assert.Equal(1, (int?)status!["revision"]);
        Assert.Equal([await AddressOf(story, 0), await AddressOf(story, 1)], await story.World.Endpoints("chat"));
    }

    /// <summary>A server dies with requests in it.</summary>
    /// <remarks>
    /// Not one whole answer may be lost: as long as its client has seen no byte, the gateway sends a request elsewhere, and there is an elsewhere (three attempts, two endpoints).
    /// A stream that had begun cannot be sent again. Each reader has one at a time, so no more are lost than there are readers; who comes after the kill has seen nothing yet, and loses nothing.
    /// </remarks>
    private async Task Heals(ContainerStory story, SteadyLoad load)
    {
        var first = await story.Containers();
        var victim = $"{Leftovers.Mine}-default-chat-r1-0";
        Assert.Equal(0, (await ContainerWorld.PodmanAsync("kill", "--signal", "KILL", victim)).Code);
        await story.World.Status("chat", status => (string?)status["phase"] == "running" && (int?)status["replicas"]?["ready"] == 1);
        var other = await AddressOf(story, 1);
        await Eventually.Holds(() => story.World.Endpoints("chat"), endpoints => endpoints.SequenceEqual([other]));
        await load.MoreAsync(20);

        await story.World.Running("chat", ready: 2);
        var (healed, replicas) = (await story.Containers(), await story.Replicas("chat"));
        Assert.Equal([victim, $"{victim}-before", $"{Leftovers.Mine}-default-chat-r1-1"], healed.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(first[victim], healed[$"{victim}-before"]);
        Assert.Equal([1, 0], replicas.Select(replica => (int)replica["restarts"]!));
        await BothAreAsked(story);
        var events = await story.World.Events("chat");
        Assert.Single(events, told => ((string)told["message"]!).StartsWith("The server was killed (SIGKILL, exit code 137)", StringComparison.Ordinal));
        Assert.Single(events, told => (string?)told["reason"] == "ReplicaRestarted" && ((string)told["message"]!).StartsWith("Replica 0 of revision 1 was started again.", StringComparison.Ordinal));

        output.WriteLine($"One of two replicas killed: {load}.");
        Assert.Empty(load.Lost);
        Assert.InRange(load.Broken.Count, 0, SteadyLoad.Readers);
    }

    /// <summary>A flag that the server refuses: the old revision goes on as if nothing had been, and the status says why.</summary>
    private async Task ComesBack(ContainerStory story, SteadyLoad load)
    {
        var (serving, broken) = (await story.World.Endpoints("chat"), load.Broken.Count);
        (await story.World.Apply(Deployment(2, readyWithin: "8s", "arguments: { --lora-modules: legal=/models/legal-lora }"))).ExpectOk();
        var status = await story.World.Status("chat", status => (string?)status["conditions"]?[1]?["reason"] == "RolledBack");
        const string Why = "It was not ready within 8s. The server ended with exit code 1. It wrote last: ValueError: Call to add_lora method failed: LoRA is not enabled. Use --enable-lora to enable LoRA.";
        Assert.Equal(Why, (string?)status!["conditions"]![1]!["message"]);
        Assert.Equal("Revision 2 was given up and revision 1 serves: " + Why, (string?)status["message"]);
        Assert.Equal(("running", 1, 2), ((string?)status["phase"], (int?)status["revision"], (int?)status["replicas"]!["ready"]));
        var told = Assert.Single(await story.World.Events("chat"), told => (string?)told["reason"] == "RolledBack");
        Assert.Equal("Revision 2 is given up and revision 1 goes on: " + Why, (string?)told["message"]);

        await Eventually.Holds(story.Containers, containers => !containers.Keys.Any(name => name.Contains("-r2-", StringComparison.Ordinal)));
        await load.MoreAsync(20);
        Assert.Equal(serving, await story.World.Endpoints("chat"));
        // Taken back, it is nobody's news any more.
        (await story.World.Apply(Deployment(2))).ExpectOk();
        await story.World.Status("chat", status => (string?)status["conditions"]?[1]?["reason"] == "Arrived" && status["message"] is null);
        output.WriteLine($"Updated to what does not start: {load}.");
        Assert.Empty(load.Lost);
        Assert.Equal(broken, load.Broken.Count);
    }

    /// <summary>Each replica has answered since it was started.</summary>
    private static async Task BothAreAsked(ContainerStory story)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var ordinal in (int[])[0, 1])
        {
            var address = await AddressOf(story, ordinal);
            await Eventually.Holds(() => http.GetStringAsync($"{address}/metrics"), metrics => Successes().Matches(metrics).Any(match => match.Groups[1].Value != "0"));
        }
    }

    private static async Task<string> AddressOf(ContainerStory story, int ordinal) =>
        ((string)(await story.Replicas("chat")).Single(replica => (int)replica["ordinal"]! == ordinal && (int)replica["revision"]! == 1)["address"]!).TrimEnd('/');

    private static string Deployment(int replicas, string readyWithin = "1m", string more = "") =>
        $$"""
        kind: ModelDeployment
        metadata: { name: chat }
        spec:
          entry: { id: {{Model}}, modelType: chat, engine: vllm, repo: acme/chat-8b, licence: Apache-2.0, parameters: 8B, weights: 16GB, dtype: bf16, contextWindow: 4096 }
          image: {{ServerImage.Name}}
          gpu: { count: 0 }
          cache: none
          resources: { cpu: "1", memory: 512Mi }
          environment: { Simulator__Profile__StartupDelay: "00:00:01" }
          probes: { interval: 1s }
          rollout: { drain: 1s, readyWithin: {{readyWithin}} }
          replicas: {{replicas}}
          {{more}}

        """;

    [GeneratedRegex("""^vllm:request_success_total\{[^}]*\} (\d+)""", RegexOptions.Multiline)]
    private static partial Regex Successes();
}
