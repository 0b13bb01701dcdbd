using System.Text.Json.Nodes;
using Orrery.Tests.Catalogue.Pins;
using static Orrery.Tests.Builder.Kubernetes.ClusterWorld;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>Which commit a deployment runs, from the document to the pod: a hub that answers, that refuses, and that says nothing.</summary>
public sealed class PinnedDeploymentTests(PostgresServer postgres)
{
    /// <summary>A model of the same repository, by which its pin is renewed; it brings all else itself.</summary>
    private const string Twin = "kind: Model\nmetadata: { name: twin }\nspec: { id: twin, modelType: chat, engine: vllm, repo: acme/chat, dockerfile: \"FROM scratch\" }";

    [Fact]
    public async Task A_commit_is_asked_for_once_and_another_comes_with_the_next_revision_alone()
    {
        await using var world = await ClusterWorld.StartAsync(postgres);
        world.Hub.Revisions["acme/chat@main"] = _ => HubServer.Commit(1);
        (await world.Services.Apply(Deployment("chat"))).ExpectOk();
        var pinned = Condition(await world.Serves("chat"), "Pinned")!;
        Assert.Equal(HubServer.Commit(1), CommitOf(world, 1));
        Assert.Equal(("True", "Kept"), ((string?)pinned["status"], (string?)pinned["reason"]));
        Assert.StartsWith($"acme/chat@main is commit {HubServer.Commit(1)} since 20", (string?)pinned["message"], StringComparison.Ordinal);
        Assert.Equal(HubServer.Commit(1), (string?)(await world.Revisions("chat"))[0]["commit"]);
        Assert.Single(world.Hub.Questions);

        // Renewed, then scaled: neither makes a revision, and new replicas run what the others run.
        world.Hub.Revisions["acme/chat@main"] = _ => HubServer.Commit(2);
        (await world.Services.Apply(Twin)).ExpectOk();
        var renewed = (await world.Services.Catalogue.Post("/models/twin/pins?renew=true", "")).ExpectOk();
        Assert.Contains(HubServer.Commit(2), renewed.Text, StringComparison.Ordinal);
        Assert.Contains($"\"from\":\"{HubServer.Commit(1)}\"", renewed.Text, StringComparison.Ordinal);
        (await world.Services.Apply(Deployment("chat", more: "replicas: 2"))).ExpectOk();
        await world.Serves("chat", replicas: 2);
        Assert.Single(await world.Revisions("chat"));
        Assert.Equal(HubServer.Commit(1), CommitOf(world, 1));

        (await world.Services.Catalogue.Post("/deployments/chat/restart", "")).Expect(System.Net.HttpStatusCode.Accepted);
        var status = await world.Serves("chat", revision: 2, replicas: 2);
        Assert.Equal(HubServer.Commit(2), CommitOf(world, 2));
        Assert.Contains(HubServer.Commit(2), (string?)Condition(status, "Pinned")!["message"], StringComparison.Ordinal);

        (await world.Services.Catalogue.Post("/deployments/chat/rollback", "")).ExpectOk();
        status = await world.Serves("chat", revision: 1, replicas: 2);
        Assert.Equal(HubServer.Commit(1), CommitOf(world, 1));
        Assert.Contains(HubServer.Commit(1), (string?)Condition(status, "Pinned")!["message"], StringComparison.Ordinal);
        Assert.Equal(2, world.Hub.Questions.Count);
    }

    [Fact]
    public async Task What_the_hub_does_not_tell_keeps_nothing_from_starting_and_comes_with_the_next_revision()
    {
        await using var world = await ClusterWorld.StartAsync(postgres);
        (await world.Services.Apply($"kind: Secret\nmetadata: {{ name: huggingface }}\nspec: {{ data: {{ token: {HubServer.Token} }} }}")).ExpectOk();
        world.Hub.Instead = HubServer.Error(403, "GatedRepo");
        (await world.Services.Apply(Deployment("chat"))).ExpectOk();
        var status = await world.Serves("chat");
        Assert.DoesNotContain("--revision", world.ArgumentsOf("chat", 1));
        var pinned = Condition(status, "Pinned")!;
        Assert.Equal(("False", "gated"), ((string?)pinned["status"], (string?)pinned["reason"]));
        Assert.Equal(
            $"Which commit acme/chat@main is could not be found out: 'acme/chat' is gated, and the token's account has not accepted its terms, or has not been let in yet. Accept them at {world.Hub.Address}/acme/chat. "
            + "Replicas take what it is when they start. It is asked for again with the next revision (a restart makes one).",
            (string?)pinned["message"]);
        var events = await world.Services.Events("chat");
        var warning = Assert.Single(events, told => (string?)told["reason"] == "NotPinned");
        Assert.Equal(("Warning", 1), ((string?)warning["type"], (int?)warning["revision"]));
        Assert.StartsWith("Which commit acme/chat@main is could not be found out: 'acme/chat' is gated", (string?)warning["message"], StringComparison.Ordinal);
        Assert.DoesNotContain(HubServer.Token, $"{status}{string.Concat(events)}{world.Services.Catalogue.Logged}", StringComparison.Ordinal);

        // It is known later, and asked for by nobody but the next revision.
        world.Hub.Instead = null;
        world.Hub.Revisions["acme/chat@main"] = _ => HubServer.Commit(3);
        (await world.Services.Apply(Deployment("chat", more: "replicas: 2"))).ExpectOk();
        await world.Serves("chat", replicas: 2);
        Assert.Single(await world.Revisions("chat"));
        Assert.DoesNotContain("--revision", world.ArgumentsOf("chat", 1));
        (await world.Services.Catalogue.Post("/deployments/chat/restart", "")).Expect(System.Net.HttpStatusCode.Accepted);
        status = await world.Serves("chat", revision: 2, replicas: 2);
        Assert.Equal(HubServer.Commit(3), CommitOf(world, 2));
        Assert.Equal("True", (string?)Condition(status, "Pinned")!["status"]);
    }

    [Fact]
    public async Task A_hub_that_says_nothing_delays_nobody_but_who_needs_its_word_and_that_no_longer_than_its_time()
    {
        await using var world = await ClusterWorld.StartAsync(postgres, ["Catalogue:Hub:Timeout=00:00:15"], "Builder:Workers=1");
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Hub.Instead = http => answer.Task.WaitAsync(http.RequestAborted);
        (await world.Services.Apply(Deployment("waits") + "\n---\n" + Deployment("waits-too"))).ExpectOk();
        await Eventually.Holds(() => Task.FromResult(world.Hub.Questions.Count), count => count == 2);

        (await world.Services.Apply(Deployment("goes", $"revision: '{HubServer.Commit(9)}'"))).ExpectOk();
        var pinned = Condition(await world.Serves("goes"), "Pinned")!;
        Assert.Equal(("True", "Declared", $"acme/goes@{HubServer.Commit(9)} names the commit itself."), ((string?)pinned["status"], (string?)pinned["reason"], (string?)pinned["message"]));
        var waiting = (await world.Services.StatusOf("waits"))!;
        Assert.Equal(("deploying", "The hub is being asked which commit acme/waits@main is."), ((string?)waiting["phase"], (string?)waiting["message"]));

        foreach (var name in new[] { "waits", "waits-too" })
        {
            pinned = Condition(await world.Serves(name), "Pinned")!;
            Assert.Equal(("False", "timeout"), ((string?)pinned["status"], (string?)pinned["reason"]));
        }

        Assert.Equal(2, world.Hub.Questions.Count);
    }

    [Fact]
    public async Task A_plan_takes_what_is_kept_and_asks_nobody()
    {
        await using var world = await ClusterWorld.StartAsync(postgres);
        world.Hub.Revisions["acme/chat@main"] = _ => HubServer.Commit(1);
        const string Spec = """{"entry":{"id":"chat","modelType":"chat","engine":"vllm","repo":"acme/chat","licence":"Apache-2.0"},"image":"a/b@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","gpu":{"count":0}}""";
        var plan = await PlanAsync();
        Assert.True((bool?)plan["accepted"], $"{plan}");
        Assert.Null(plan["revision"]!["commit"]);
        Assert.Empty(world.Hub.Questions);

        (await world.Services.Apply(Twin)).ExpectOk();
        (await world.Services.Catalogue.Post("/models/twin/pins", "")).ExpectOk();
        plan = await PlanAsync();
        Assert.Equal(HubServer.Commit(1), (string?)plan["revision"]!["commit"]);
        Assert.Contains(HubServer.Commit(1), plan["revision"]!["arguments"]!.AsArray().Select(argument => (string?)argument));
        Assert.Single(world.Hub.Questions);

        async Task<JsonNode> PlanAsync() => (await world.Services.Catalogue.Send(HttpMethod.Post, "/deployments/plan", Spec, FirstKey, "application/json")).ExpectOk().Json;
    }

    [Fact]
    public async Task Where_nothing_is_fetched_nobody_is_asked_and_what_is_kept_is_taken()
    {
        await using var hub = await HubServer.StartAsync();
        hub.Revisions["acme/chat@main"] = _ => HubServer.Commit(1);
        await using var world = await BuilderWorld.StartAsync(postgres, catalogue: [$"Catalogue:Hub:Endpoint={hub.Address}"]);
        (await world.Apply(Deployment("chat"))).ExpectOk();
        Assert.Null(Condition(await world.Running("chat"), "Pinned"));
        Assert.Empty(hub.Questions);

        (await world.Apply(Twin)).ExpectOk();
        (await world.Catalogue.Post("/models/twin/pins", "")).ExpectOk();
        (await world.Catalogue.Post("/deployments/chat/restart", "")).Expect(System.Net.HttpStatusCode.Accepted);
        var status = await world.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null);
        Assert.Equal("True", (string?)Condition(status, "Pinned")!["status"]);
        Assert.Single(hub.Questions);
    }

    private static string CommitOf(ClusterWorld world, int revision)
    {
        var arguments = world.ArgumentsOf("chat", revision);
        return arguments[arguments.ToList().IndexOf("--revision") + 1];
    }
}
