using System.Net.Http.Json;
using System.Text.Json;
using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Simulated;
using Orrery.Contracts;
using Orrery.Tests.Simulator;

namespace Orrery.Tests.Builder.Simulated;

public sealed class SimulatedTargetTests
{
    private static readonly DeploymentKey Key = new("default", "qwen", "uid-1");

    private static readonly RevisionTemplate Template = new()
    {
        ModelId = "qwen3-8b",
        ModelType = ModelTypes.Chat,
        Context = 8_192,
        Engine = Engines.Vllm,
        Image = "registry.example.com/qwen:1",
        Probes = new TemplateProbes(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), 3),
        Drain = TimeSpan.FromSeconds(30),
    };

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replicas_answer_inference_at_their_addresses_and_are_not_made_twice()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var target = Of(server.Url);
        var wanted = Wanted(2, Template with { Adapters = ["qwen3-8b-support"] });
        await target.ApplyAsync(wanted, Soon);
        var seen = await target.ObserveAsync(Key, Soon);
        Assert.Equal([0, 1], seen.Select(one => one.Ordinal));
        Assert.All(seen, one => Assert.Equal((ReplicaState.Ready, "simulated"), (one.State, one.Place)));
        Assert.Equal(new Uri(server.Url, "/replicas/default-qwen-r1-0"), seen[0].Address);
        foreach (var model in (string[])["qwen3-8b", "qwen3-8b-support"])
        {
            using var response = await server.Client.PostAsJsonAsync($"{seen[1].Address}/v1/chat/completions", new { model, max_tokens = 1, messages = new[] { new { role = "user", content = "Hi" } } }, Soon);
            Assert.Equal(model, (await response.Content.ReadFromJsonAsync<JsonElement>(Soon)).GetProperty("model").GetString());
        }

        using var anew = Of(server.Url);
        await anew.ApplyAsync(wanted, Soon);
        Assert.Equal(seen, await anew.ObserveAsync(Key, Soon));
        await anew.ApplyAsync(wanted with { Count = 1 }, Soon);
        Assert.Equal(seen[0], Assert.Single(await anew.ObserveAsync(Key, Soon)));
    }

    [Fact]
    public async Task What_runs_something_else_is_replaced_and_what_is_removed_is_gone()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var target = Of(server.Url);
        await target.ApplyAsync(Wanted(1), Soon);
        var first = Assert.Single(await target.ObserveAsync(Key, Soon));
        await target.ApplyAsync(Wanted(1, Template with { ModelId = "other" }), Soon);
        Assert.NotEqual(first.Incarnation, Assert.Single(await target.ObserveAsync(Key, Soon)).Incarnation);
        await target.ApplyAsync(Wanted(1) with { Revision = 2 }, Soon);
        Assert.True(await target.RemoveAsync(Key, 1, Soon));
        Assert.Equal(2, Assert.Single(await target.ObserveAsync(Key, Soon)).Revision);
        Assert.True(await target.RemoveAllAsync(Key, Soon));
        Assert.True(await target.RemoveAllAsync(Key, Soon));
        Assert.Empty(await target.ObserveAsync(Key, Soon));
    }

    [Fact]
    public async Task A_simulator_that_started_anew_gets_its_replicas_again_and_one_that_is_away_is_told()
    {
        var server = await SimulatorServer.StartAsync();
        var url = server.Url;
        using var target = Of(url);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Soon);
        await using var hints = target.WatchAsync(watching.Token).GetAsyncEnumerator(Soon);
        var hint = hints.MoveNextAsync().AsTask();
        await target.ApplyAsync(Wanted(1), Soon);
        var before = Assert.Single(await target.ObserveAsync(Key, Soon));
        Assert.True(await hint);
        Assert.Equal(Key.Uid, hints.Current);
        hint = hints.MoveNextAsync().AsTask();
        await server.DisposeAsync();
        Assert.True(await hint);

        var error = await Eventually.Holds(async () => await Record.ExceptionAsync(() => target.ObserveAsync(Key, Soon)) as TargetException, one => one is not null);
        Assert.Equal((SimulatorClient.Unreachable, false), (error!.Reason, error.IsFinal));
        Assert.Contains("Start it, or correct Builder:Simulated:Endpoint", error.Message, StringComparison.Ordinal);

        await using var anew = await SimulatorServer.StartAsync(url: url);
        Assert.Empty(await target.ObserveAsync(Key, Soon));
        await target.ApplyAsync(Wanted(1), Soon);
        Assert.NotEqual(before.Incarnation, Assert.Single(await target.ObserveAsync(Key, Soon)).Incarnation);
    }

    [Fact]
    public async Task Two_installations_share_a_simulator_and_touch_only_their_own()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var one = Of(server.Url);
        using var other = new SimulatedTarget(new SimulatedOptions { Endpoint = server.Url }, "other", Classes, TimeProvider.System);
        await one.ApplyAsync(Wanted(1), Soon);
        Assert.Empty(await other.ObserveAsync(Key, Soon));
        Assert.True(await other.RemoveAllAsync(Key, Soon));
        var error = await Assert.ThrowsAsync<TargetException>(() => other.ApplyAsync(Wanted(1), Soon));
        Assert.StartsWith("The simulator has a replica default-qwen-r1-0 that is not this installation's.", error.Message, StringComparison.Ordinal);
        Assert.Single(await one.ObserveAsync(Key, Soon));
    }

    [Fact]
    public async Task GPUs_are_as_many_as_their_class_has_and_who_finds_none_waits()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var target = Of(server.Url);
        var gpu = Template with { Gpu = new TemplateGpu("h100", "nvidia.com/gpu", "nvidia.com/gpu=all", 2, null) };
        await target.ApplyAsync(Wanted(3, gpu), Soon);
        var seen = await target.ObserveAsync(Key, Soon);
        Assert.Equal([ReplicaState.Ready, ReplicaState.Ready, ReplicaState.Waiting], seen.Select(one => one.State));
        Assert.StartsWith("It asks for 2 GPUs of the class h100; 1 of the simulated 5 is free.", seen[2].Message, StringComparison.Ordinal);
        var nodes = (await target.InventoryAsync(Key, Soon)).Nodes;
        Assert.Equal(["simulated", "simulated-h100"], nodes.Select(node => node.Name));
        Assert.Equal((5, 1, "H100"), (nodes[1].Capacity["nvidia.com/gpu"], nodes[1].Free["nvidia.com/gpu"], nodes[1].Labels["gpu"]));

        await target.ApplyAsync(Wanted(1, gpu), Soon);
        Assert.Single(await target.ObserveAsync(Key, Soon));
        await target.ApplyAsync(new WantedReplicas(new("default", "next", "uid-2"), 1, gpu, 1, new Dictionary<string, string>()), Soon);
        Assert.Equal(ReplicaState.Ready, Assert.Single(await target.ObserveAsync(new("default", "next", "uid-2"), Soon)).State);
    }

    [Fact]
    public async Task A_replica_is_starting_as_long_as_its_delay()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var target = new SimulatedTarget(new SimulatedOptions { Endpoint = server.Url, StartupDelay = TimeSpan.FromSeconds(1.5) }, "tests", Classes, TimeProvider.System);
        await target.ApplyAsync(Wanted(1), Soon);
        var starting = Assert.Single(await target.ObserveAsync(Key, Soon));
        Assert.Equal(ReplicaState.Starting, starting.State);
        using var health = await server.Client.GetAsync($"{starting.Address}/health", Soon);
        Assert.Equal(503, (int)health.StatusCode);
        var ready = await Eventually.Holds(async () => (await target.ObserveAsync(Key, Soon)).Single(), one => one.State == ReplicaState.Ready);
        Assert.Equal(starting.Incarnation, ready.Incarnation);
    }

    [Fact]
    public async Task Any_context_is_served_and_a_type_that_cannot_be_is_refused()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var target = Of(server.Url);
        await target.ApplyAsync(Wanted(1, Template with { Context = 10_000_000 }), Soon);
        Assert.Equal(ReplicaState.Ready, Assert.Single(await target.ObserveAsync(Key, Soon)).State);
        var error = await Assert.ThrowsAsync<TargetException>(() => target.ApplyAsync(Wanted(1, Template with { ModelType = ModelTypes.VideoGeneration }), Soon));
        Assert.True(error.IsFinal);
        Assert.StartsWith("A model of the type video_generation cannot be simulated", error.Message, StringComparison.Ordinal);
        var image = await target.ResolveImageAsync(Key, "a:1", null, Soon);
        Assert.Equal(("a:1", await target.ResolveImageAsync(Key, "a:1", null, Soon)), (image.Reference, image));
        Assert.Matches("^sha256:[0-9a-f]{64}$", image.Digest);
        Assert.NotEqual(image.Digest, (await target.ResolveImageAsync(Key, "a:2", null, Soon)).Digest);
    }

    [Fact]
    public async Task A_thousand_replicas_are_looked_at_in_one_go()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var target = Of(server.Url);
        var keys = Enumerable.Range(0, 200).Select(n => new DeploymentKey("default", $"d{n}", $"uid-{n}")).ToList();
        foreach (var key in keys)
        {
            await target.ApplyAsync(new WantedReplicas(key, 1, Template, 5, new Dictionary<string, string>()), Soon);
        }

        // The round takes a moment; each look at a thousand takes longer than that.
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var key in keys)
        {
            Assert.Equal(5, (await target.ObserveAsync(key, Soon)).Count(one => one.State == ReplicaState.Ready));
        }

        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task Those_who_ask_within_a_moment_share_one_look()
    {
        var looks = 0;
        var time = new ManualTime();
        using var shared = new SharedLook<int>(_ => Task.FromResult(++looks), TimeSpan.FromMilliseconds(300), time);
        var answers = await Task.WhenAll(shared.AskAsync(Soon), shared.AskAsync(Soon), shared.AskAsync(Soon));
        Assert.All(answers, answer => Assert.Equal(1, answer));
        time.Advance(TimeSpan.FromMilliseconds(301));
        Assert.Equal(2, await shared.AskAsync(Soon));
        shared.Forget();
        Assert.Equal(3, await shared.AskAsync(Soon));
    }

    private static SimulatedTarget Of(Uri url) => new(new SimulatedOptions { Endpoint = url }, "tests", Classes, TimeProvider.System);

    private static IReadOnlyDictionary<string, GpuClassSpec> Classes() => new Dictionary<string, GpuClassSpec>
    {
        ["h100"] = new() { Simulated = 5, NodeSelector = new Dictionary<string, string> { ["gpu"] = "H100" } },
        ["real"] = new(),
    };

    private static WantedReplicas Wanted(int count, RevisionTemplate? template = null) => new(Key, 1, template ?? Template, count, new Dictionary<string, string>());
}
