using System.Net;
using Dapper;
using Npgsql;
using Orrery.Builder.Targets;
using Orrery.Contracts;
using Orrery.Tests.Catalogue;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

/// <summary>Servers that are not what their deployment says, as its operator sees them.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class OtherServerTests(ServerImage image, PostgresServer postgres)
{
    [Fact]
    public async Task A_server_of_another_model_does_not_run_and_is_told_with_the_remedy()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "other");
        (await story.World.Apply(Deployment("acme/chat-8b, --served-model-name, acme/chat-8b, --host, 0.0.0.0, --port, '8000'"))).ExpectOk();
        var status = await story.World.Status("chat", told => (string?)told["phase"] == "error");
        Assert.Equal(
            "Its server answers to 'acme/chat-8b' and not to 'acme-chat', which the gateway asks it for: have what starts it say --served-model-name acme-chat, or deploy the image of that model.",
            (string?)status!["message"]);
        Assert.Equal("failed", (string?)Assert.Single(await story.Replicas("chat"))["state"]);
        Assert.Empty(await story.World.Endpoints("chat"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await story.World.Ask("acme-chat")).Status);

        // Put right, it serves; and one that lists no models serves as it always did.
        (await story.World.Apply(Deployment("acme/chat-8b, --served-model-name, acme-chat, --host, 0.0.0.0, --port, '8000'"))).ExpectOk();
        await story.World.Status("chat", told => (string?)told["phase"] == "running" && (int?)told["revision"] == 2);
        (await story.World.Apply(Deployment("--port, '8000'"))).ExpectOk();
        await story.World.Status("chat", told => (int?)told["revision"] == 3 && told["nextRevision"] is null);
        await story.Delete("chat");
    }

    [Fact]
    public async Task What_a_revision_wrote_that_was_given_up_can_be_read_without_its_secrets_until_the_deployment_goes()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "words");
        (await story.World.Apply("kind: Secret\nmetadata: { name: words }\nspec: { data: { word: open-sesame-7 } }\n---\n" + Deployment("-c, 'echo $(printf tok%s=hf_%s en abcdefghijkl); exec /bin/sh /serve --port 8000'", shell: "/bin/sh"))).ExpectOk();
        await story.World.Running("chat");
        var live = (await story.World.Catalogue.Get("/deployments/chat/logs")).ExpectOk().Text;
        Assert.Contains(" token=…\n", live, StringComparison.Ordinal);
        Assert.Contains("serving on 8000", live, StringComparison.Ordinal);

        (await story.World.Apply(Deployment("-c, 'echo first; echo the word is $WORD and the $(printf tok%s=hf_%s en abcdefghijkl); exit 3'", "secrets: { WORD: { name: words, key: word } }", shell: "/bin/sh", readyWithin: "5s"))).ExpectOk();
        await story.World.Status("chat", told => (string?)told["conditions"]?[1]?["reason"] == "RolledBack");
        await Eventually.Holds(story.Containers, containers => !containers.Keys.Any(name => name.Contains("-r2-", StringComparison.Ordinal)));
        var logs = (await story.World.Catalogue.Get("/deployments/chat/logs?revision=2")).ExpectOk().Text;
        Assert.Matches(@"^\d{4}-\S+ first\n\d{4}-\S+ the word is … and the token=…\n$", logs);
        Assert.DoesNotContain("first", (await story.World.Catalogue.Get("/deployments/chat/logs?revision=2&replica=0&tail=1")).ExpectOk().Text, StringComparison.Ordinal);
        Assert.Contains("serving on 8000", (await story.World.Catalogue.Get("/deployments/chat/logs")).ExpectOk().Text, StringComparison.Ordinal);
        var missing = await story.World.Catalogue.Get("/deployments/chat/logs?revision=7");
        Assert.Equal(HttpStatusCode.NotFound, missing.Status);
        Assert.Contains("there are: replica=0&revision=1; what others wrote last is kept: replica=0&revision=2.", missing.Text, StringComparison.Ordinal);

        await story.Delete("chat");
        await using var database = new NpgsqlConnection(story.World.Database);
        Assert.Equal(0, await database.QuerySingleAsync<long>("SELECT count(*) FROM builder.logs"));
    }

    [Fact]
    public async Task A_rollback_has_the_secrets_of_its_revision_and_says_which_one_is_gone()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "secrets");
        const string Secret = "kind: Secret\nmetadata: { name: words }\nspec: { data: { word: open-sesame-7 } }\n";
        (await story.World.Apply(Secret + "---\n" + Deployment("--port, '8000'", "secrets: { WORD: { name: words, key: word } }"))).ExpectOk();
        await story.World.Running("chat");
        (await story.World.Apply(Deployment("--port, '8000'"))).ExpectOk();
        await story.World.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null);
        (await story.World.Catalogue.Delete($"{CatalogueReplica.Root}/secrets/words")).ExpectOk();

        (await story.World.Catalogue.Post("/deployments/chat/rollback", "")).ExpectOk();
        await story.World.Status("chat", told => (string?)told["message"] ==
            "Revision 1 has the variable WORD from the key 'word' of Secret 'words', which namespace 'default' does not have any more. Apply that Secret again, or go on with another revision.");
        Assert.Equal("running", (string?)(await story.World.StatusOf("chat"))!["phase"]);
        (await story.World.Apply(Secret)).ExpectOk();
        await story.World.Status("chat", told => (int?)told["revision"] == 1 && told["nextRevision"] is null);
        var container = Assert.Single(await story.Containers(), one => one.Key.Contains("-r1-0", StringComparison.Ordinal)).Value;
        Assert.Equal("open-sesame-7", (await ContainerWorld.PodmanAsync("exec", container, "/bin/sh", "-c", "printf %s \"$WORD\"")).Text);
        await story.Delete("chat");
    }

    [Fact]
    public async Task A_name_that_somebody_else_has_is_an_error_until_it_is_free()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "taken");
        var name = $"{Leftovers.Mine}-default-chat-r1-0";
        _ = (await ContainerWorld.PodmanAsync(["create", "--name", name, .. ServerImage.Limits, ServerImage.Name])).Text;
        try
        {
            (await story.World.Apply(Deployment("--port, '8000'"))).ExpectOk();
            var status = await story.World.Status("chat", told => (string?)told["phase"] == "error");
            Assert.StartsWith($"A container that is not this installation's has the name {name}.", (string?)status!["message"], StringComparison.Ordinal);
        }
        finally
        {
            await ContainerWorld.PodmanAsync("rm", "--force", name);
        }

        await story.World.Running("chat");
        await story.Delete("chat");
    }

    [Fact]
    public async Task Events_say_why_a_server_was_started_again_and_that_somebody_removed_one_and_what_is_paused_refuses()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "told");
        (await story.World.Apply(Deployment("--port, '8000'", "replicas: 1").Replace("interval: 1s", "interval: 1s, failures: 2", StringComparison.Ordinal))).ExpectOk();
        await story.World.Running("chat");
        var name = $"{Leftovers.Mine}-default-chat-r1-0";
        await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "busybox mv /www/health /www/gone");
        await Eventually.Holds(
            async () => (await story.World.Events("chat")).FirstOrDefault(told => (string?)told["reason"] == "ReplicaRestarted"),
            told => told is not null && ((string)told["message"]!).StartsWith("Replica 0 of revision 1 was started again. The server ceased to answer: GET /health failed ", StringComparison.Ordinal)
                && ((string)told["message"]!).Contains("(it answers 404), and was ended for it.", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60));

        await story.World.Running("chat");
        await ContainerWorld.PodmanAsync("rm", "--force", "--time", "0", name);
        await Eventually.Holds(
            async () => (await story.World.Events("chat")).FirstOrDefault(told => (string?)told["reason"] == "ReplicaGone"),
            told => ((string?)told?["message"])?.StartsWith("Replica 0 of revision 1 has disappeared: somebody else has removed it, or what it ran on was started anew. It ", StringComparison.Ordinal) == true);
        await Eventually.Holds(story.Containers, containers => containers.ContainsKey(name));

        (await story.World.Apply(Deployment("--port, '8000'", "paused: true").Replace("interval: 1s", "interval: 1s, failures: 2", StringComparison.Ordinal))).ExpectOk();
        foreach (var wish in (string[])["restart", "rollback", "promote"])
        {
            var answer = await story.World.Catalogue.Post($"/deployments/chat/{wish}", "");
            Assert.Equal(HttpStatusCode.Conflict, answer.Status);
            Assert.Contains("is paused, and nothing of it is changed until spec.paused goes.", answer.Text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(await story.World.Events("chat"), told => (string?)told["reason"] == "RestartAsked");
        await story.Delete("chat");
    }

    [Fact]
    public async Task More_than_the_machine_has_is_refused_before_anything_is_created_and_waits_where_others_have_it()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await ContainerStory.StartAsync(postgres, "room", "Builder:Container:Overcommit=1000");
        var plan = (await story.World.Catalogue.Post("/deployments/plan", Deployment("--port, '8000'", "resources: { memory: 900TB }"))).ExpectOk().Json;
        Assert.Equal((false, "NoRoom"), ((bool)plan["accepted"]!, (string?)plan["faults"]![0]!["reason"]));
        (await story.World.Apply(Deployment("--port, '8000'", "resources: { cpu: '900000' }"))).ExpectOk();
        var status = await story.World.Status("chat", told => (string?)told["phase"] == "error");
        Assert.Matches(@"^It asks for 900000 cores; this machine has \d+ \(it may be promised 1000 times\)", (string?)status!["message"]);
        Assert.Empty(await story.Containers());

        // Nothing declared: whatever is reckoned, it runs.
        (await story.World.Apply(Deployment("--port, '8000'"))).ExpectOk();
        await story.World.Running("chat");
        await story.Delete("chat");
    }

    [Fact]
    public async Task A_replica_without_room_waits_and_says_what_has_it()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld(options => options.Overcommit = 100);
        var machine = Assert.Single((await world.Target.InventoryAsync(world.Key(), TestContext.Current.CancellationToken)).Nodes);
        var key = world.Key("first");
        var asked = new ModelResources { Cpu = ((int)Math.Ceiling(machine.FreeCores) * 60).ToString(System.Globalization.CultureInfo.InvariantCulture) };
        var template = ContainerWorld.Template() with { Requests = asked };
        await world.ReadyAsync(ContainerWorld.Wanted(key, template));
        var second = ContainerWorld.Wanted(world.Key("second"), template);
        var waiting = (await world.UntilAsync(second, seen => seen.Count == 1)).Single();
        Assert.Equal((ReplicaState.Waiting, ReplicaReasons.NoPlace), (waiting.State, waiting.Reason));
        Assert.Contains($" promised to 'first'", waiting.Message, StringComparison.Ordinal);
        await Eventually.Holds(() => world.Target.RemoveAllAsync(key, TestContext.Current.CancellationToken), gone =>
        {
            world.Time.Advance(TimeSpan.FromMinutes(1));
            return gone;
        });
        await world.ReadyAsync(second);
    }

    private static string Deployment(string words, string more = "", string shell = "/bin/sh, /serve", string readyWithin = "2m") =>
        $$"""
        kind: ModelDeployment
        metadata: { name: chat }
        spec:
          entry: { id: acme-chat, modelType: chat, engine: vllm, repo: acme/chat-8b, licence: Apache-2.0, parameters: 8B, weights: 16GB, dtype: bf16, contextWindow: 4096 }
          image: {{ServerImage.Name}}
          command: [{{shell}}, {{words}}]
          gpu: { count: 0 }
          cache: none
          probes: { interval: 1s }
          rollout: { drain: 0s, readyWithin: {{readyWithin}} }
          {{more}}

        """;
}
