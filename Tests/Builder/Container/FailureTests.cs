using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class FailureTests(ServerImage image)
{
    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_server_is_started_again_after_a_while_and_its_last_log_is_kept()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template());
        var first = await world.ReadyAsync(wanted);
        await ContainerWorld.PodmanAsync("kill", "--signal", "KILL", (await world.ContainersAsync()).Single());

        var failed = (await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed)).Single();
        Assert.Equal(Autopsy.Killed, failed.Reason);
        Assert.StartsWith("The server was killed (SIGKILL, exit code 137)", failed.Message, StringComparison.Ordinal);
        Assert.Matches(@"^It is started again at \d\d:\d\d:\d\d UTC\.$", failed.Outlook);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        var again = await world.ReadyAsync(wanted);
        Assert.Equal((1, 0), (again.Restarts, again.Ordinal));
        Assert.NotEqual(first.Incarnation, again.Incarnation);
        Assert.Contains(await world.Target.LogsAsync(wanted.Key, again, new LogQuestion(Previous: true), Soon).ToListAsync(Soon), line => line.Text == "serving on 8000");
    }

    [Fact]
    public async Task A_server_that_needs_more_memory_than_it_has_is_said_to()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        Assert.SkipUnless(Environment.UserName == "root", "Only root reads the kernel's log everywhere.");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template("eat") with { Resources = new ModelResources { Memory = new ByteSize(64 << 20) } });
        var failed = (await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed)).Single();
        Assert.Equal(ReplicaReasons.OutOfMemory, failed.Reason);
        Assert.StartsWith("The server used more than its memory of 64Mi and was ended by the kernel. Raise resources.memory", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_never_comes_up_is_given_up_after_five_times_with_what_it_wrote()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template("crash"));
        for (var crash = 0; crash < 5; crash++)
        {
            var failed = (await world.UntilAsync(wanted, seen => seen.Single() is { State: ReplicaState.Failed } one && one.Restarts == crash)).Single();
            Assert.Equal(crash < 4 ? LogDiagnosis.GpuMemory : ReplicaReasons.Crashes, failed.Reason);
            // Not before its time, and then at once, also by a Builder that has just started.
            world.Time.SetAhead(Restart.Pause(crash + 1) - TimeSpan.FromSeconds(crash == 0 ? 9 : 18));
            await world.RestartAsync();
            await world.Target.ApplyAsync(wanted, Soon);
            Assert.Equal(crash, Assert.Single(await world.SeenAsync(wanted.Key)).Restarts);
            world.Time.SetAhead(Restart.Pause(crash + 1) + TimeSpan.FromSeconds(1));
        }

        await world.Target.ApplyAsync(wanted, Soon);
        var last = Assert.Single(await world.SeenAsync(wanted.Key));
        Assert.Equal((ReplicaState.Failed, ReplicaReasons.Crashes, 4), (last.State, last.Reason, last.Restarts));
        Assert.StartsWith("The server ended 5 times without ever having answered, and is not started again. The server ended with exit code 1. The GPU's memory is too small", last.Message, StringComparison.Ordinal);
        Assert.EndsWith("It wrote: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", last.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_that_the_server_does_not_know_is_named()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with { Arguments = ["--max-modle-len", "5"] });
        var failed = (await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed)).Single();
        Assert.Equal(LogDiagnosis.Argument, failed.Reason);
        Assert.Contains("It wrote: serve: error: unrecognized arguments: --max-modle-len", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_said_so_and_leaves_no_container()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with { Command = ["/no/such/program"] });
        var failed = (await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed)).Single();
        Assert.Equal(ReplicaReasons.Misconfigured, failed.Reason);
        Assert.Contains("/no/such/program", failed.Message, StringComparison.Ordinal);
        Assert.Contains("Check spec.command", failed.Message, StringComparison.Ordinal);
        Assert.Empty(await world.ContainersAsync());
    }

    [Fact]
    public async Task An_image_that_is_gone_is_fetched_again_and_why_it_does_not_come_is_told()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with { Image = "127.0.0.1:21599/none:1" });
        var failed = (await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed)).Single();
        Assert.Equal(ImageStore.Unreachable, failed.Reason);
        Assert.StartsWith("The image 127.0.0.1:21599/none:1 cannot be fetched: the registry cannot be reached.", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_ceases_to_answer_is_unready_then_ready_again_or_started_anew()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template() with
        {
            Probes = new TemplateProbes(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(5), 10),
        });
        var ready = await world.ReadyAsync(wanted);
        var name = (await world.ContainersAsync()).Single();
        await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "busybox mv /www/health /www/gone");
        var unready = await Eventually.Holds(async () => (await world.SeenAsync(wanted.Key)).Single(), one => one.State == ReplicaState.Unready);
        Assert.Equal(ReplicaReasons.NotAnswering, unready.Reason);
        Assert.Matches(@"GET /health failed 1\d times in a row \(it answers 404\)", unready.Message);
        await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "busybox mv /www/gone /www/health");
        Assert.Equal(ready.Incarnation, (await world.ReadyAsync(wanted)).Incarnation);

        await ContainerWorld.PodmanAsync("exec", name, "/bin/sh", "-c", "busybox mv /www/health /www/gone");
        var failed = (await world.UntilAsync(wanted, seen => seen.Single() is { State: ReplicaState.Failed, Address: null })).Single();
        Assert.Equal(ReplicaReasons.NotAnswering, failed.Reason);
        Assert.StartsWith("The server ceased to answer: GET /health failed 2", failed.Message, StringComparison.Ordinal);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(1, (await world.ReadyAsync(wanted)).Restarts);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_started_anew()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld();
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template("deaf"));
        var starting = (await world.UntilAsync(wanted, seen => seen.Single().Message is not null)).Single();
        Assert.Equal(ReplicaState.Starting, starting.State);
        Assert.StartsWith("The server has not answered yet: ", starting.Message, StringComparison.Ordinal);
        world.Time.SetAhead(TimeSpan.FromSeconds(61));
        await world.Target.ApplyAsync(wanted, Soon);
        // Back, so that it is not time for the next start yet.
        world.Time.SetAhead(TimeSpan.Zero);
        var failed = await Eventually.Holds(async () => (await world.SeenAsync(wanted.Key)).Single(), one => one is { State: ReplicaState.Failed, Address: null });
        Assert.Equal(ReplicaReasons.NotAnswering, failed.Reason);
        Assert.StartsWith("The server did not answer GET /health within 00:01:00 of its start", failed.Message, StringComparison.Ordinal);
    }
}
