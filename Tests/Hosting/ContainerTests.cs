using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

public sealed class ContainerTests(BoxImage image) : IClassFixture<BoxImage>
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
    public async Task A_container_is_reached_on_its_port_and_gets_its_variables()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        var builder = Graph.Create();
        var secret = builder.AddParameter("token", "s e c", secret: true);
        var box = builder.AddContainer("box", BoxImage.Name)
            .WithContainerRuntimeArgs(BoxImage.Limits)
            .WithEnvironment("TOKEN", secret)
            .WithArgs("/bin/sh", "-c", "/usr/bin/env; exec /usr/bin/redis-server --protected-mode no")
            .WithEndpoint(targetPort: 6379, name: "tcp");
        await using var app = await builder.StartAsync();
        await app.UntilLineAsync("box", "TOKEN=s e c");
        await Eventually.Holds(() => PingAsync(box.GetEndpoint("tcp").Port), answer => answer == "+PONG");
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("box", "restart", Graph.Soon())).Success);
        await Eventually.Holds(() => PingAsync(box.GetEndpoint("tcp").Port), answer => answer == "+PONG");
    }

    [Fact]
    public async Task Containers_find_each_other_by_name()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        var builder = Graph.Create();
        var server = builder.AddContainer("server", BoxImage.Name).WithContainerRuntimeArgs(BoxImage.Limits)
            .WithArgs("/bin/sh", "-c", "trap 'exit 0' TERM; /bin/sleep 1000 & wait").WithHttpEndpoint(targetPort: 8000);
        builder.AddContainer("client", BoxImage.Name).WithContainerRuntimeArgs(BoxImage.Limits)
            .WithArgs("/usr/bin/env").WithEnvironment("SERVER", server.GetEndpoint("http"));
        await using var app = await builder.StartAsync();
        await app.UntilAsync("client", KnownResourceStates.Exited);
        Assert.Contains("SERVER=http://server:8000", await app.LinesAsync("client"));
    }

    [Fact]
    public async Task A_killed_host_leaves_no_container_and_no_network()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        var state = Directory.CreateTempSubdirectory("hosting-tests-");
        await using (var host = new HostProcess(state.FullName, "--box=" + BoxImage.Name, "--limits=" + string.Join(' ', BoxImage.Limits)))
        {
            await Eventually.Holds(() => host.Output.Contains("box        Running", StringComparison.Ordinal));
            var run = Path.GetFileName(Directory.GetDirectories(Path.Combine(state.FullName, "run")).Single());
            await Eventually.Holds(() => image.ContainersAsync(run), containers => containers.Length > 0);
            host.Send(Signal.Kill);
            await host.ExitCodeAsync();
            await Eventually.Holds(() => image.ContainersAsync(run), containers => containers.Length == 0);
            await Eventually.Holds(() => image.NetworksAsync(run), networks => networks.Length == 0);
        }

        state.Delete(recursive: true);
    }

    [Fact]
    public void A_container_that_outlives_the_run_is_refused()
    {
        var box = Graph.Create().AddContainer("box", "busybox");
        Assert.Throws<NotSupportedException>(() => box.WithLifetime(ContainerLifetime.Persistent));
    }

    private static async Task<string?> PingAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, Graph.Soon());
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), Graph.Soon());
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadLineAsync(Graph.Soon());
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return error.Message;
        }
    }
}
