using System.Net;

namespace Orrery.Tests.Builder;

/// <summary>What was accepted once may be withdrawn: what runs goes on, and nothing of it is started anew.</summary>
public sealed class RevisionGateTests(PostgresServer postgres)
{
    private const string Class = "kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 16, memory: 80GB }\n---\n";
    private const string Allowing = "kind: LicencePolicy\nmetadata: { name: default }\nspec: { commercial: false, otherwise: allow }\n";
    private const string Denying = "kind: LicencePolicy\nmetadata: { name: default }\nspec: { rules: [{ licences: [MNPL-0.1], decision: deny, reason: No more. }], commercial: false, otherwise: allow }\n";

    [Fact]
    public async Task A_rollback_to_what_is_refused_by_now_starts_nothing()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Class + Allowing + "---\n" + Deployment("codestral-22b", "replicas: 1"))).ExpectOk();
        await world.Running("chat");
        (await world.Apply(Deployment("qwen3-8b", "replicas: 1"))).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null);
        (await world.Apply(Denying)).ExpectOk();

        var refused = (await world.Catalogue.Post("/deployments/chat/rollback", "")).Expect(HttpStatusCode.Conflict);
        Assert.Contains("Revision 1 is not started: Licence MNPL-0.1 (deny): No more. Choose another model", refused.Text, StringComparison.Ordinal);
        (await world.Apply(Allowing)).ExpectOk();
        (await world.Catalogue.Post("/deployments/chat/rollback", "")).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 1 && told["nextRevision"] is null);
    }

    [Fact]
    public async Task A_rollback_is_judged_by_what_the_revision_runs_whatever_its_models_name_means_by_now()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        const string Own = "kind: LicencePolicy\nmetadata: { name: default }\nspec: { rules: [{ licences: [MIT], decision: allow }], otherwise: allow }\n---\n";
        (await world.Apply(Class + Own + Model("acme/code", "remoteCode: true, licence: MIT, servers: [sglang]") + "---\n" + Code("acme/code") + "---\n" + Deployment("acme-8b", "replicas: 1, server: sglang"))).ExpectOk();
        await world.Running("chat");

        // The model becomes another one, without code and served by another server, and the acceptance goes.
        (await world.Apply(Code("acme/nothing") + "---\n" + Model("acme/clean", "licence: Apache-2.0") + "---\n" + Deployment("acme-8b", "replicas: 1"))).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null);
        Assert.Contains("Remote code of acme/code (acceptance)", (await world.Catalogue.Post("/deployments/chat/rollback", "")).Expect(HttpStatusCode.Conflict).Text, StringComparison.Ordinal);

        // Of what has the name by now, nothing is asked: its licence is another revision's.
        (await world.Apply(Own.Replace("otherwise: allow", "otherwise: deny", StringComparison.Ordinal) + Code("acme/code"))).ExpectOk();
        Assert.Equal(HttpStatusCode.OK, (await world.Catalogue.Post("/deployments/chat/rollback", "")).Status);
        await world.Status("chat", told => (int?)told["revision"] == 1 && told["nextRevision"] is null);
    }

    [Fact]
    public async Task What_is_said_of_the_same_weights_by_now_counts_for_what_ran_before()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Class + Allowing + "---\n" + Model("acme/code", "licence: MIT") + "---\n" + Deployment("acme-8b", "replicas: 1"))).ExpectOk();
        await world.Running("chat");
        (await world.Apply(Deployment("qwen3-8b", "replicas: 1"))).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null);
        (await world.Apply(Denying + "---\n" + Model("acme/code", "licence: MNPL-0.1"))).ExpectOk();
        Assert.Contains("Licence MNPL-0.1 (deny)", (await world.Catalogue.Post("/deployments/chat/rollback", "")).Expect(HttpStatusCode.Conflict).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canary_that_is_refused_by_now_is_not_promoted()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Class + Allowing + "---\n" + Deployment("qwen3-8b", "replicas: 2"))).ExpectOk();
        await world.Running("chat", ready: 2);
        (await world.Apply(Deployment("codestral-22b", "replicas: 2", "strategy: canary, "))).ExpectOk();
        await world.Status("chat", told => (int?)told["nextRevision"] == 2 && ((string?)told["message"])?.StartsWith("Revision 2 is a canary", StringComparison.Ordinal) == true);
        (await world.Apply(Denying)).ExpectOk();
        Assert.Contains("Revision 2 is not started: Licence MNPL-0.1 (deny)", (await world.Catalogue.Post("/deployments/chat/promote", "")).Expect(HttpStatusCode.Conflict).Text, StringComparison.Ordinal);
        Assert.Equal(1, (int?)(await world.StatusOf("chat"))!["revision"]);
    }

    [Fact]
    public async Task What_runs_goes_on_and_gets_no_more_replicas()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Class + Allowing + "---\n" + Deployment("codestral-22b", "replicas: 2"))).ExpectOk();
        await world.Running("chat", ready: 2);
        (await world.Apply(Denying)).ExpectOk();
        (await world.Apply(Deployment("codestral-22b", "replicas: 3"))).ExpectOk();
        var status = await world.Status("chat", told => (string?)told["conditions"]?[0]?["reason"] == "LicenceRefused");
        Assert.Contains("Licence MNPL-0.1 (deny): No more.", (string?)status!["message"], StringComparison.Ordinal);
        Assert.Equal(2, (await world.SimulatedReplicas()).Count);

        (await world.Apply(Deployment("codestral-22b", "replicas: 0"))).ExpectOk();
        await world.Status("chat", told => (int?)told["replicas"]!["ready"] == 0);
        await Eventually.Holds(world.SimulatedReplicas, replicas => replicas.Count == 0);
        (await world.Apply(Deployment("codestral-22b", "replicas: 2"))).ExpectOk();
        await world.Status("chat", told => (int?)told["replicas"]!["wanted"] == 2 && (string?)told["conditions"]?[0]?["reason"] == "LicenceRefused");
        Assert.Empty(await world.SimulatedReplicas());

        (await world.Apply(Allowing)).ExpectOk();
        await Eventually.Holds(world.SimulatedReplicas, replicas => replicas.Count == 2, TimeSpan.FromSeconds(25));
    }

    private static string Model(string repo, string more) =>
        $"kind: Model\nmetadata: {{ name: acme-8b }}\nspec: {{ id: acme-8b, modelType: chat, engine: vllm, repo: {repo}, weights: 16GB, parameters: 8B, dtype: bf16, contextWindow: 4096, {more} }}\n";

    private static string Code(string repo) => $"kind: LicenceAcceptance\nmetadata: {{ name: code }}\nspec: {{ remoteCode: {repo} }}\n";

    private static string Deployment(string model, string more, string rollout = "") =>
        $"kind: ModelDeployment\nmetadata: {{ name: chat }}\nspec: {{ model: {model}, rollout: {{ {rollout}drain: 1s }}, {more} }}\n";
}
