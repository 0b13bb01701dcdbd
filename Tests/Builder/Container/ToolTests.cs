using System.Diagnostics;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Contracts;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class ToolTests(ServerImage image)
{
    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tool_that_was_named_and_is_not_there_is_never_replaced_by_the_other()
    {
        await using var world = new ContainerWorldWithoutTool("/no/such/docker");
        var error = await Assert.ThrowsAsync<TargetException>(() => world.Target.InventoryAsync(new("default", "box", "u"), Soon));
        Assert.Equal(ContainerTool.Unavailable, error.Reason);
        Assert.False(error.IsFinal);
        Assert.Equal(
            "Containers cannot run on this machine: /no/such/docker is not installed. Install podman (on Debian and Ubuntu: apt-get install podman) or start docker, or take Builder:Container:Tool away; it is looked for again.",
            error.Message);
    }

    [Fact]
    public async Task A_tool_that_does_not_work_says_why()
    {
        var folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        var tool = Path.Combine(folder, "docker");
        await ToolScript.WriteAsync(tool, "#!/bin/sh\n[ \"$1\" = --version ] && echo 'Docker version 28.2.2, build e6534b4' && exit\necho 'Cannot connect to the Docker daemon.' >&2; exit 1");
        await using var world = new ContainerWorldWithoutTool(tool);
        var error = await Assert.ThrowsAsync<TargetException>(() => world.Target.ObserveAsync(new("default", "box", "u"), Soon));
        Assert.Contains($"{tool} does not work (Cannot connect to the Docker daemon.).", error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Dockers_command_line_does_the_same()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        var docker = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "docker")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(docker is null, "docker is not installed.");
        // Docker's own client, before podman's service that speaks docker's API: what is checked is the command line, and what it answers.
        var socket = Path.Combine(Path.GetTempPath(), $"{Leftovers.Mine}.sock");
        using var service = Process.Start(new ProcessStartInfo("podman", ["system", "service", "--time", "0", "unix://" + socket]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            await Eventually.Holds(() => File.Exists(socket));
            await using var world = new ContainerWorld(options => options.Tool = docker, environment: new Dictionary<string, string> { ["DOCKER_HOST"] = "unix://" + socket });
            var template = ContainerWorld.Template() with { Resources = new ModelResources { Memory = ByteSize.FromGibibytes(0.25), Cpu = "1" }, Secrets = [] };
            var wanted = ContainerWorld.Wanted(world.Key(), template, secrets: new Dictionary<string, string> { ["TOKEN"] = "s3cr3t", ["DOCKER_HOST"] = "theirs" });
            var ready = await world.ReadyAsync(wanted);
            var node = Assert.Single((await world.Target.InventoryAsync(wanted.Key, Soon)).Nodes);
            Assert.Equal("docker", node.Labels["orrery.dev/container-tool"]);
            Assert.Contains(await world.Target.LogsAsync(wanted.Key, ready, new LogQuestion(), Soon).ToListAsync(Soon), line => line is { Text: "serving on 8000", At: not null });
            Assert.Equal("theirs", (await ContainerWorld.PodmanAsync("exec", (await world.ContainersAsync()).Single(), "/bin/sh", "-c", "printf %s $DOCKER_HOST")).Text);
            await ContainerWorld.PodmanAsync("kill", "--signal", "KILL", (await world.ContainersAsync()).Single());
            await world.UntilAsync(wanted, seen => seen.Single().State == ReplicaState.Failed);
            world.Time.Advance(TimeSpan.FromSeconds(11));
            Assert.Equal(1, (await world.ReadyAsync(wanted)).Restarts);
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync(CancellationToken.None);
            File.Delete(socket);
        }
    }

    private sealed class ContainerWorldWithoutTool(string tool) : IAsyncDisposable
    {
        public ContainerTarget Target { get; } = new(new ContainerOptions { Tool = tool }, "none", TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<ContainerTarget>.Instance);

        public ValueTask DisposeAsync() => Target.DisposeAsync();
    }
}
