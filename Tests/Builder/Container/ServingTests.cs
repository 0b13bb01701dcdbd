using System.Net.Http.Json;
using System.Text.Json;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class ServingTests(ServerImage image)
{
    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_in_a_container_becomes_ready_and_answers_inference_and_outlives_the_Builder()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var template = ContainerWorld.Template("simulator");
        var resolved = await world.Target.ResolveImageAsync(world.Key(), ServerImage.Name, null, Soon);
        Assert.StartsWith("sha256:", resolved.Reference, StringComparison.Ordinal);
        var wanted = ContainerWorld.Wanted(world.Key("qwen"), template with { Image = resolved.Reference, Resources = new ModelResources { Memory = ByteSize.FromGibibytes(1), Cpu = "1500m" } });

        var ready = await world.ReadyAsync(wanted);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var response = await client.PostAsJsonAsync(
            new Uri(ready.Address!, "/v1/chat/completions"),
            new { model = "simulated-chat", messages = new[] { new { role = "user", content = "Hello" } } }, Soon);
        Assert.Equal("simulated-chat", (await response.Content.ReadFromJsonAsync<JsonElement>(Soon)).GetProperty("model").GetString());
        Assert.Equal("127.0.0.1", ready.Address!.Host);

        // The one that starts anew sees it ready at its first look, and makes nothing anew.
        await world.RestartAsync();
        Assert.Equal(ready, Assert.Single(await world.SeenAsync(wanted.Key)));
        await world.Target.ApplyAsync(wanted, Soon);
        Assert.Equal(ready.Incarnation, Assert.Single(await world.SeenAsync(wanted.Key)).Incarnation);
        Assert.Equal([$"{Images.Leftovers.Mine}-default-qwen-r1-0"], await world.ContainersAsync());
    }

    [Fact]
    public async Task A_container_may_do_as_little_as_a_server_needs_and_has_what_the_template_says()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld(options => options.LogMegabytes = 3);
        var template = ContainerWorld.Template() with
        {
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello world", ["EMPTY"] = "" },
            Resources = new ModelResources { Memory = ByteSize.FromGibibytes(0.5), Cpu = "1" },
        };
        await world.ReadyAsync(ContainerWorld.Wanted(world.Key(), template));
        using var document = JsonDocument.Parse((await ContainerWorld.PodmanAsync("inspect", (await world.ContainersAsync()).Single())).Text);
        var host = document.RootElement[0].GetProperty("HostConfig");
        Assert.Equal(512L << 20, host.GetProperty("Memory").GetInt64());
        Assert.Equal(512L << 20, host.GetProperty("MemorySwap").GetInt64());
        Assert.Equal(1_000_000_000, host.GetProperty("NanoCpus").GetInt64());
        Assert.Equal(8_192, host.GetProperty("PidsLimit").GetInt64());
        Assert.Equal("no", host.GetProperty("RestartPolicy").GetProperty("Name").GetString());
        Assert.Contains("no-new-privileges", host.GetProperty("SecurityOpt").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("k8s-file", host.GetProperty("LogConfig").GetProperty("Type").GetString());
        Assert.Equal("3MB", host.GetProperty("LogConfig").GetProperty("Size").GetString());
        Assert.Equal(JsonValueKind.Null, document.RootElement[0].GetProperty("EffectiveCaps").ValueKind);
        var variables = document.RootElement[0].GetProperty("Config").GetProperty("Env").EnumerateArray().Select(one => one.GetString()).ToList();
        Assert.Contains("GREETING=hello world", variables);
        Assert.Contains("EMPTY=", variables);
        var mount = document.RootElement[0].GetProperty("Mounts").EnumerateArray().Single();
        Assert.Equal(("/models", $"{Images.Leftovers.Mine}-models-default"), (mount.GetProperty("Destination").GetString(), mount.GetProperty("Name").GetString()));
    }

    [Fact]
    public async Task Files_of_a_revision_are_read_where_it_names_them_and_go_with_it()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var (key, template) = (world.Key(), ContainerWorld.Template() with { Drain = TimeSpan.Zero });
        WantedReplicas Wanted(int revision, string content) => ContainerWorld.Wanted(
            key, template with { Files = new Dictionary<string, string> { ["/etc/serve/chat.jinja"] = content, ["/www/greeting"] = "hello\n" } }, revision: revision);
        await world.ReadyAsync(Wanted(1, "{{ messages }}\n"));
        await world.UntilAsync(Wanted(2, "größer $HOME"), seen => seen.Count == 2 && seen.All(one => one.State == ReplicaState.Ready));
        var names = (await world.ContainersAsync()).Order().ToList();

        Assert.Equal("{{ messages }}", await Read(names[0], "/etc/serve/chat.jinja"));
        Assert.Equal("größer $HOME", await Read(names[1], "/etc/serve/chat.jinja"));
        Assert.Equal("hello", await Read(names[1], "/www/greeting"));
        Assert.NotEqual(0, (await ContainerWorld.PodmanAsync("exec", names[1], "/bin/sh", "-c", "echo other > /www/greeting")).Code);
        Assert.Equal(0, (await ContainerWorld.PodmanAsync("exec", names[1], "/bin/sh", "-c", "busybox test -f /www/health")).Code);

        // A server that has crashed gets them again, also where somebody has cleaned up meanwhile.
        Directory.Delete(world.StateFolder, recursive: true);
        await ContainerWorld.PodmanAsync("kill", "--signal", "KILL", names[1]);
        await world.UntilAsync(Wanted(2, "größer $HOME"), seen => seen[1].State == ReplicaState.Failed);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        await world.UntilAsync(Wanted(2, "größer $HOME"), seen => seen[1].State == ReplicaState.Ready);
        Assert.Equal("hello", await Read(names[1], "/www/greeting"));

        await world.RestartAsync();
        await world.Target.ApplyAsync(Wanted(1, "{{ messages }}\n") with { Count = 1 }, Soon);
        await Eventually.Holds(() => world.Target.RemoveAsync(key, 1, Soon), gone => gone);
        Assert.Equal([$"{key.Uid}-r2"], Directory.EnumerateDirectories(world.StateFolder).Select(Path.GetFileName));
        await Eventually.Holds(() => world.Target.RemoveAllAsync(key, Soon), gone => gone);
        Assert.Empty(Directory.EnumerateFileSystemEntries(world.StateFolder));

        static async Task<string> Read(string name, string path) => (await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", $"busybox cat {path}")).Text.TrimEnd('\n');
    }

    [Fact]
    public async Task Replicas_come_and_go_as_they_are_counted_and_the_weights_stay()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var key = world.Key();
        await world.ReadyAsync(ContainerWorld.Wanted(key, ContainerWorld.Template(), 3));
        Assert.Equal(3, (await world.SeenAsync(key)).Select(one => one.Address).Distinct().Count());

        var two = ContainerWorld.Wanted(key, ContainerWorld.Template(), 2);
        await world.UntilAsync(two, seen => seen.Select(one => one.Ordinal).SequenceEqual([0, 1]));
        await world.UntilAsync(ContainerWorld.Wanted(key, ContainerWorld.Template(), 1, revision: 2), seen => seen.Count == 3 && seen.All(one => one.State == ReplicaState.Ready));
        await Eventually.Holds(() => world.Target.RemoveAsync(key, 1, Soon), gone => gone);
        Assert.Equal(2, Assert.Single(await world.SeenAsync(key)).Revision);
        await Eventually.Holds(() => world.Target.RemoveAllAsync(key, Soon), gone => gone);
        Assert.True(await world.Target.RemoveAsync(key, 2, Soon));
        Assert.Empty(await world.ContainersAsync());
        Assert.Equal([$"{Images.Leftovers.Mine}-models-default"], await ContainerWorld.VolumesAsync());
    }

    [Fact]
    public async Task A_replica_that_keeps_its_weights_itself_keeps_them_over_a_crash_and_takes_them_along()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with { Cache = WeightCaches.None });
        await world.ReadyAsync(wanted);
        var name = (await world.ContainersAsync()).Single();
        Assert.Equal(0, (await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "echo weights > /models/w")).Code);
        await ContainerWorld.PodmanAsync("kill", "--signal", "KILL", name);
        await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        await world.ReadyAsync(wanted);
        Assert.Equal("weights", (await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "busybox cat /models/w")).Text);
        Assert.Equal([name], await ContainerWorld.VolumesAsync());
        await Eventually.Holds(() => world.Target.RemoveAllAsync(wanted.Key, Soon), gone => gone);
        Assert.Empty(await ContainerWorld.VolumesAsync());
    }

    [Fact]
    public async Task Volumes_go_with_their_own_revision_and_no_other_goes_along()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var template = ContainerWorld.Template() with { Cache = WeightCaches.None, Drain = TimeSpan.Zero };
        var (key, other) = (world.Key(), world.Key("other"));
        await world.ReadyAsync(ContainerWorld.Wanted(key, template));
        await world.UntilAsync(ContainerWorld.Wanted(key, template, revision: 2), seen => seen.Count == 2 && seen.All(one => one.State == ReplicaState.Ready));
        await world.ReadyAsync(ContainerWorld.Wanted(other, template));
        string[] kept = [$"{Images.Leftovers.Mine}-default-box-r1-0", $"{Images.Leftovers.Mine}-default-other-r1-0"];

        // As where a machine was started anew and somebody has pruned: nothing uses them just now, and still they hold weights.
        await ContainerWorld.PodmanAsync(["rm", "--force", "--time", "0", .. kept]);
        await Eventually.Holds(() => world.Target.RemoveAsync(key, 2, Soon), gone => gone);
        Assert.Equal(kept, (await ContainerWorld.VolumesAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_server_that_leaves_may_finish_what_it_does_and_no_longer()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template("stubborn"));
        await world.ReadyAsync(wanted);
        Assert.False(await world.Target.RemoveAsync(wanted.Key, 1, Soon));
        Assert.Equal(ReplicaState.Ending, Assert.Single(await world.SeenAsync(wanted.Key)).State);
        Assert.False(await world.Target.RemoveAsync(wanted.Key, 1, Soon));
        Assert.NotEmpty(await world.ContainersAsync());
        world.Time.Advance(TimeSpan.FromSeconds(21));
        Assert.True(await world.Target.RemoveAsync(wanted.Key, 1, Soon));
        Assert.Empty(await world.ContainersAsync());
    }

    [Fact]
    public async Task The_log_is_read_from_the_end_and_as_it_grows_and_changes_are_told()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var key = world.Key();
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Soon);
        var told = WatchAsync(world, key.Uid, watching.Token);
        var ready = await world.ReadyAsync(ContainerWorld.Wanted(key, ContainerWorld.Template()));
        await told;

        var lines = await world.Target.LogsAsync(key, ready, new LogQuestion(), Soon).ToListAsync(Soon);
        Assert.Contains(lines, line => line is { Text: "serving on 8000", Stream: "stdout", At: not null });
        Assert.Contains(lines, line => line is { Text: "this is a warning", Stream: "stderr", At: not null });
        Assert.Single(await world.Target.LogsAsync(key, ready, new LogQuestion(Tail: 1), Soon).ToListAsync(Soon));
        Assert.Empty(await world.Target.LogsAsync(key, ready, new LogQuestion(Previous: true), Soon).ToListAsync(Soon));

        var found = FindAsync(world, key, ready, "said later");
        var name = (await world.ContainersAsync()).Single();
        await Eventually.Holds(
            async () =>
            {
                await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "echo said later > /proc/1/fd/1");
                return found.IsCompleted;
            },
            done => done);
        await found;
    }

    private static async Task FindAsync(ContainerWorld world, Orrery.Builder.DeploymentKey key, Replica replica, string text)
    {
        await foreach (var line in world.Target.LogsAsync(key, replica, new LogQuestion(Tail: 1, Follow: true), Soon))
        {
            if (line.Text == text)
            {
                return;
            }
        }

        Assert.Fail("The log has ended.");
    }

    private static async Task WatchAsync(ContainerWorld world, string uid, CancellationToken cancellationToken)
    {
        await foreach (var changed in world.Target.WatchAsync(cancellationToken))
        {
            if (changed == uid)
            {
                return;
            }
        }
    }
}
