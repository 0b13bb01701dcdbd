using System.Net;
using Dapper;
using Npgsql;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder;

/// <summary>From a document to answers and back to nothing, on the simulated target: everything else is real.</summary>
public sealed class SimulatedLifecycleTests(PostgresServer postgres)
{
    private const string Gpus = "kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 16, pricePerHour: 0.8 }\n---\n";

    [Fact]
    public async Task A_deployment_is_declared_serves_is_scaled_changed_taken_back_and_deleted_with_nothing_left_over()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        var (before, text) = await world.Ask("qwen3-8b");
        Assert.Equal(HttpStatusCode.NotFound, before);

        (await world.Apply(Gpus + Deployment("replicas: 2"))).ExpectOk();
        var status = await world.Running("chat", ready: 2);
        Assert.Equal("l4", (string?)status!["gpu"]!["type"]);
        Assert.StartsWith("sha256:", (string?)status["digest"], StringComparison.Ordinal);
        await Answers(world);
        Assert.Equal(2, (await world.Endpoints("chat")).Count);
        foreach (var part in (string[])["revisions", "replicas", "events", "events?watch=true", "logs?replica=0"])
        {
            var head = await world.Catalogue.Send(HttpMethod.Head, $"/deployments/chat/{part}", null, FirstKey);
            Assert.Equal((part, HttpStatusCode.OK, ""), (part, head.Status, head.Text));
        }

        (await world.Apply(Deployment("replicas: 3"))).ExpectOk();
        await world.Running("chat", ready: 3);
        Assert.Equal(1, (int?)(await world.StatusOf("chat"))!["revision"]);

        (await world.Apply(Deployment("replicas: 3, context: 4096"))).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null && (int?)told["replicas"]!["ready"] == 3);
        await Answers(world);

        (await world.Catalogue.Post("/deployments/chat/rollback", "")).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 1 && told["nextRevision"] is null && (int?)told["replicas"]!["ready"] == 3);
        Assert.Equal(["serving", "superseded"], (await world.Catalogue.Get("/deployments/chat/revisions")).ExpectOk().Json["data"]!.AsArray().OrderBy(one => (int)one!["number"]!).Select(one => (string)one!["state"]!));

        (await world.Catalogue.Delete($"{Root}/modeldeployments/chat")).ExpectOk();
        await Eventually.Holds(async () => (await world.Catalogue.Get($"{Root}/modeldeployments/chat")).Status, found => found == HttpStatusCode.NotFound);
        Assert.Empty(await world.SimulatedReplicas());
        Assert.Equal(HttpStatusCode.NotFound, (await world.Catalogue.Get($"{Root}/modelproviders/chat")).Status);
        Assert.Equal("Deleted", (string?)(await world.Events("chat"))[^1]["reason"]);
    }

    [Fact]
    public async Task A_deployment_of_another_model_takes_over_in_one_step_and_no_name_leads_to_a_server_of_the_other()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Gpus + Deployment("replicas: 2"))).ExpectOk();
        await world.Running("chat", ready: 2);

        using var done = new CancellationTokenSource();
        var watching = Registered(world, done.Token);
        (await world.Apply(Deployment("replicas: 2").Replace("qwen3-8b", "qwen3-4b", StringComparison.Ordinal))).ExpectOk();
        await world.Status("chat", told => (int?)told["revision"] == 2 && told["nextRevision"] is null && (int?)told["replicas"]!["ready"] == 2);
        await Eventually.Holds(async () => (await world.Endpoints("chat")).Count(url => url.Contains("-r2-", StringComparison.Ordinal)), count => count == 2);
        await done.CancelAsync();

        var told = await watching;
        Assert.Contains("qwen3-8b: r1 r1", told);
        Assert.Contains("qwen3-4b: r2 r2", told);
        Assert.DoesNotContain(told, line => line.Contains("8b: ", StringComparison.Ordinal) ? line.Contains("r2", StringComparison.Ordinal) : line.Contains("r1", StringComparison.Ordinal));
        Assert.DoesNotContain(told, line => line.Split(' ').Length < 3);
    }

    /// <summary>All that the gateway is told of meanwhile: the model's name, and whose replicas lead to it.</summary>
    private static async Task<IReadOnlyList<string>> Registered(BuilderWorld world, CancellationToken done)
    {
        var told = new List<string>();
        while (!done.IsCancellationRequested)
        {
            var spec = (await world.Catalogue.Get($"{Root}/modelproviders/chat")).ExpectOk().Json["spec"]!;
            var line = $"{spec["models"]![0]!["id"]}: {string.Join(' ', spec["endpoints"]!.AsArray().Select(endpoint => $"r{((string)endpoint!["url"]!).Split("-r")[^1][0]}"))}";
            if (told.LastOrDefault() != line)
            {
                told.Add(line);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }

        return told;
    }

    [Fact]
    public async Task Replicas_that_somebody_has_taken_from_the_gateway_are_registered_again()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply("kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 1 }\n---\n" + Deployment("gpu: { type: l4 }"))).ExpectOk();
        await world.Running("chat");
        (await world.Catalogue.Delete($"{Root}/modelproviders/chat?manager=builder")).ExpectOk();
        Assert.Empty(await world.Endpoints("chat"));
        await Eventually.Holds(() => world.Endpoints("chat"), endpoints => endpoints.Count == 1, TimeSpan.FromMinutes(3));
    }

    [Fact]
    public async Task A_replica_that_waits_has_not_arrived_and_none_is_wanted_where_none_is_declared()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply("kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 1 }\n---\n" + Deployment("replicas: 1, gpu: { type: l4 }"))).ExpectOk();
        await world.Status("chat", told => (string?)told["phase"] == "running" && (string?)told["conditions"]![1]!["reason"] == "Arrived");
        (await world.Apply(Deployment("replicas: 2, gpu: { type: l4 }"))).ExpectOk();
        var status = await world.Status("chat", told => (string?)told["conditions"]![1]!["status"] == "False");
        const string Why = "It asks for 1 GPU of the class l4; 0 of the simulated 1 are free. Lower spec.replicas, or raise the class's spec.simulated.";
        Assert.Equal(("FailedScheduling", "Replica 1 of revision 1 waits: " + Why), ((string?)status!["conditions"]![1]!["reason"], (string?)status["conditions"]![1]!["message"]));
        Assert.Equal(("running", Why), ((string?)status["phase"], (string?)status["message"]));

        (await world.Apply(Deployment("replicas: 0, gpu: { type: l4 }"))).ExpectOk();
        status = await world.Status("chat", told => (string?)told["phase"] == "active" && (int?)told["replicas"]!["running"] == 0);
        const string None = "It is scaled to 0 replicas; set spec.replicas to 1 or more to have it serve.";
        Assert.Equal(None, (string?)status!["message"]);
        Assert.Equal(["Accepted", "ScaledToZero", "ScaledToZero"], status["conditions"]!.AsArray().Take(3).Select(condition => (string)condition!["reason"]!));
        Assert.Equal(None, (string?)status["conditions"]![2]!["message"]);
    }

    [Fact]
    public async Task The_first_example_of_the_documentation_runs_as_it_stands()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "deployments.md"), TestContext.Current.CancellationToken);
        var example = page.Split("```yaml\n")[1].Split("```")[0];
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(example)).ExpectOk();
        await world.Running("chat", ready: 2);
        await Answers(world);
    }

    [Fact]
    public async Task A_model_whose_deployment_does_not_run_yet_answers_503_with_its_phase()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Deployment("replicas: 1"))).ExpectOk();
        var status = await world.Status("chat", told => (string?)told["phase"] == "error");
        Assert.Contains("no GpuClass says what GPUs there are", (string?)status!["message"], StringComparison.Ordinal);
        var (code, text) = await Eventually.Holds(() => world.Ask("qwen3-8b"), answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        Assert.Contains("phase: error", text, StringComparison.Ordinal);
        (code, text) = await world.Ask("chat/qwen3-8b");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("The model 'chat/qwen3-8b' is not ready (phase: error)", text, StringComparison.Ordinal);

        // What was missing comes: nobody has to say anything, and it is not waited until all is looked at again (15 s).
        (await world.Apply(Gpus.TrimEnd('-', '\n'))).ExpectOk();
        await world.Status("chat", told => (string?)told["phase"] == "running", TimeSpan.FromSeconds(10));
        await Answers(world);
    }

    [Fact]
    public async Task What_is_asked_for_and_is_not_there_is_refused_before_anything_is_created_with_what_there_is()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Gpus + "kind: GpuClass\nmetadata: { name: h100-80 }\nspec: { simulated: 0 }\n---\n" + Deployment("gpu: { type: h100-80, count: 1 }"))).ExpectOk();
        var status = await world.Status("chat", told => (string?)told["phase"] == "error");
        Assert.Contains("0 of 2 nodes have h100-80", (string?)status!["message"], StringComparison.Ordinal);
        Assert.Equal("NoNodeWithGpu", (string?)status["conditions"]![0]!["reason"]);
        Assert.Empty(await world.SimulatedReplicas());

        (await world.Catalogue.Post("/deployments/plan", "{ model: qwen3-8b, image: --root=/nowhere }")).Expect(HttpStatusCode.BadRequest);
        var plan = (await world.Catalogue.Send(HttpMethod.Post, "/deployments/plan", """{"model":"codestral-22b","gpu":{"type":"l4","count":1}}""", FirstKey, "application/json")).ExpectOk();
        Assert.Equal(["LicenceRefused", "DoesNotFit"], plan.Json["faults"]!.AsArray().Select(fault => (string)fault!["reason"]!));
    }

    [Fact]
    public async Task A_registration_that_the_catalogue_refuses_is_told_with_the_field_and_the_remedy()
    {
        // Where nothing may lead to this machine, its own replicas may not either.
        await using var world = await BuilderWorld.StartAsync(postgres, catalogue: ["Gateway:Egress:AllowLoopback=false"]);
        (await world.Apply(Gpus + Deployment("replicas: 1"))).ExpectOk();
        var status = await world.Status("chat", told => (string?)told["conditions"]?[0]?["reason"] == "Misdeclared");
        Assert.Matches(@"^Its replicas cannot be registered with the gateway: spec\.endpoints\[0\]\.url is 'http://127\.0\.0\.1:\d+/.*'; expected .*\.$", (string?)status!["message"]);
    }

    [Fact]
    public async Task One_that_leads_again_believes_nothing_of_what_it_did_before_another_led()
    {
        await using var world = await BuilderWorld.StartAsync(postgres);
        (await world.Apply(Gpus + Deployment("replicas: 1"))).ExpectOk();
        await world.Running("chat");
        Assert.Single(await world.Endpoints("chat"));

        // The test waits for the lock before it ends the leader's session, so it is next; what another does is done here.
        await using var database = NpgsqlDataSource.Create(world.Database);
        await using var other = await database.OpenConnectionAsync();
        var leads = other.ExecuteAsync("SELECT pg_advisory_lock(hashtextextended('builder', 0))");
        const string Waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        const string End = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'orrery-builder-leader' AND datname = current_database()";
        await using var admin = await database.OpenConnectionAsync();
        await Eventually.Holds(() => admin.QuerySingleAsync<long>(Waiting), waiting => waiting == 1);
        await Eventually.Holds(() => admin.QuerySingleAsync<long>(End), ended => ended > 0);
        await leads;
        (await world.Catalogue.Send(HttpMethod.Delete, $"{Root}/modelproviders/chat?manager=builder", null, Internal)).ExpectOk();
        Assert.Empty(await world.Endpoints("chat"));

        await other.ExecuteAsync("SELECT pg_advisory_unlock_all()");
        await Eventually.Holds(() => world.Endpoints("chat"), endpoints => endpoints.Count == 1);
    }

    private static async Task Answers(BuilderWorld world)
    {
        var (status, text) = await Eventually.Holds(() => world.Ask("qwen3-8b"), answer => answer.Status == HttpStatusCode.OK, TimeSpan.FromSeconds(10));
        Assert.Contains("chat.completion", text, StringComparison.Ordinal);
    }

    private static string Deployment(string more) => $"kind: ModelDeployment\nmetadata: {{ name: chat }}\nspec: {{ model: qwen3-8b, rollout: {{ drain: 1s }}, {more} }}\n";
}
