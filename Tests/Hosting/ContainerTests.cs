using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

public sealed class ContainerTests
{
    [Fact]
    public async Task A_missing_runtime_is_explained_and_everything_else_runs()
    {
        var builder = Graph.Create("--ASPIRE_CONTAINER_RUNTIME=no-such-tool");
        builder.AddContainer("box", "docker.io/library/busybox", "1");
        builder.AddExecutable("program", "sleep", ".", "1000");
        await using var app = await builder.StartAsync();
        await app.UntilAsync("box", KnownResourceStates.RuntimeUnhealthy);
        Assert.Contains(await app.LinesAsync("box"), line =>
            line.StartsWith("No container runtime: no-such-tool is not installed. Install podman", StringComparison.Ordinal));
        Assert.True(Graph.IsAlive(await app.PidAsync("program")));
    }

    [Fact]
    public void A_container_becomes_this_command_line()
    {
        var builder = Graph.Create();
        var state = Directory.CreateTempSubdirectory("hosting-tests-");
        var run = RunDirectory.Create(new StateDirectory(state.FullName));
        var box = builder.AddContainer("box", "ghcr.io/some/engine:1")
            .WithVolume("weights", "/weights", isReadOnly: true)
            .WithBindMount("/etc/ssl", "/ssl")
            .WithEntrypoint("/serve")
            .WithImagePullPolicy(ImagePullPolicy.Never)
            .WithHttpEndpoint(port: 28123, targetPort: 8000);
        box.Resource.Annotations.OfType<EndpointAnnotation>().Single().AllocatedEndpoint =
            new AllocatedEndpoint(box.Resource.Annotations.OfType<EndpointAnnotation>().Single(), "localhost", 28123);
        var configuration = new ResolvedConfiguration(new Dictionary<string, string> { ["TOKEN"] = "secret", ["PATH"] = "/bin" }, ["--model", "m"], []);

        var plan = ContainerLaunch.Plan(box.Resource, "/usr/bin/podman", "net", run, configuration, ["--device", "nvidia.com/gpu=all"]);
        Assert.Equal(
            $"run --rm --name box-{run.Id} --label aspire.hosting.run={run.Id} --label aspire.hosting.resource=box"
            + " --network net --network-alias box -p 127.0.0.1:28123:8000"
            + " -v weights:/weights:ro -v /etc/ssl:/ssl -e TOKEN -e PATH=/bin --pull=never --entrypoint /serve"
            + " --device nvidia.com/gpu=all ghcr.io/some/engine:1 --model m",
            string.Join(' ', plan.Arguments));
        Assert.Equal("secret", plan.Environment["TOKEN"]);
        state.Delete(recursive: true);
    }

    [Fact]
    public async Task A_container_becomes_healthy_and_is_gone_when_its_host_is_killed()
    {
        using var podman = await Podman.WithTestImageAsync();
        string run;
        await using (var host = HostProcess.WithContainer(podman.Folder, podman.ConfigurationPath))
        {
            await Eventually.Holds(() => Task.FromResult(host.Output), text => text.Contains("box  Running, healthy", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
            Assert.Single(await podman.ContainersAsync());
            run = host.Run();

            host.Send(Signal.Kill);
            await Eventually.Holds(podman.ContainersAsync, containers => containers.Count == 0);
        }

        Assert.DoesNotContain($"aspire-{run}", await podman.LinesAsync("network", "ls", "--format", "{{.Name}}"));
    }

    [Fact]
    public void A_container_that_outlives_the_run_is_refused()
    {
        var box = Graph.Create().AddContainer("box", "busybox");
        Assert.Throws<NotSupportedException>(() => box.WithLifetime(ContainerLifetime.Persistent));
    }
}
