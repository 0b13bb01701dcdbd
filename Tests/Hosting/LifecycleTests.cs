using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

public sealed class LifecycleTests
{
    [Fact]
    public async Task A_crash_is_shown_with_its_reason_and_nothing_else_dies()
    {
        var builder = Graph.Create();
        builder.AddExecutable("crashing", "sh", ".", "-c", "echo about to; kill -9 $$");
        builder.AddExecutable("steady", "sleep", ".", "1000");
        await using var app = await builder.StartAsync();
        var ended = await app.UntilEndedAsync("crashing");
        Assert.Equal((KnownResourceStates.Exited, 137), (ended.State!.Text, ended.ExitCode));
        var lines = await app.LinesAsync("crashing");
        Assert.Contains("about to", lines);
        Assert.Contains("Ended by itself: was killed (SIGKILL; by hand, or for want of memory).", lines);
        Assert.True(Graph.IsAlive(await app.PidAsync("steady")));
    }

    [Fact]
    public async Task A_program_can_be_stopped_started_and_restarted()
    {
        var builder = Graph.Create();
        builder.AddExecutable("program", "sleep", ".", "1000").WithExplicitStart();
        await using var app = await builder.StartAsync();
        await app.UntilAsync("program", KnownResourceStates.NotStarted);
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("program", KnownResourceCommands.StartCommand, Graph.Soon())).Success);
        var first = await app.PidAsync("program");
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("program", "restart", Graph.Soon())).Success);
        await Eventually.Holds(async () => await app.PidAsync("program") != first, changed => changed);
        Assert.False(Graph.IsAlive(first));
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("program", "stop", Graph.Soon())).Success);
        await app.UntilAsync("program", KnownResourceStates.Exited);
        var again = await app.ResourceCommands.ExecuteCommandAsync("program", "stop", Graph.Soon());
        Assert.Equal("'program' does not run.", again.Message);
    }

    [Fact]
    public async Task What_a_program_leaves_behind_ends_with_it()
    {
        var builder = Graph.Create();
        builder.AddExecutable("parent", "sh", ".", "-c", "sleep 1000 & echo child=$!; exit 0");
        await using var app = await builder.StartAsync();
        await app.UntilAsync("parent", KnownResourceStates.Finished);
        var line = (await app.LinesAsync("parent")).Single(one => one.StartsWith("child=", StringComparison.Ordinal));
        Assert.False(Graph.IsAlive(int.Parse(line["child=".Length..], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_missing_program_and_a_missing_folder_are_named()
    {
        var builder = Graph.Create();
        builder.AddExecutable("no-program", "no-such-program", ".");
        builder.AddExecutable("no-folder", "true", "/no/such/folder");
        await using var app = await builder.StartAsync();
        await app.UntilAsync("no-program", KnownResourceStates.FailedToStart);
        await app.UntilAsync("no-folder", KnownResourceStates.FailedToStart);
        Assert.Contains("'no-program' cannot start: there is no program 'no-such-program' on PATH.", await app.LinesAsync("no-program"));
        Assert.Contains("'no-folder' cannot start: its folder /no/such/folder does not exist.", await app.LinesAsync("no-folder"));
    }

    [Fact]
    public async Task A_taken_port_is_named_with_its_owner()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var builder = Graph.Create("--DcpPublisher:RandomizePorts=false");
        builder.AddExecutable("server", "sleep", ".", "1000").WithHttpEndpoint(port: port);
        await using var app = await builder.StartAsync();
        await app.UntilAsync("server", KnownResourceStates.FailedToStart);
        var message = (await app.LinesAsync("server")).Single(line => line.Contains("cannot start", StringComparison.Ordinal));
        Assert.StartsWith($"'server' cannot start: its port {port} is in use by ", message, StringComparison.Ordinal);
        Assert.Contains($"(pid {Environment.ProcessId})", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_given_twice_is_refused()
    {
        var builder = Graph.Create("--DcpPublisher:RandomizePorts=false");
        builder.AddExecutable("a", "true", ".").WithHttpEndpoint(port: 28999);
        builder.AddExecutable("b", "true", ".").WithHttpEndpoint(port: 28999);
        await using var app = await builder.BuildAsync(Graph.Soon());
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync(Graph.Soon()));
        Assert.Equal("Port 28999 is given to endpoint 'http' of 'a' and to endpoint 'http' of 'b': give one of them another port, or none.", error.Message);
    }

    [Fact]
    public async Task Stopping_kills_what_does_not_want_to_end_only_after_its_time()
    {
        var builder = Graph.Create();
        builder.AddExecutable("polite", "sh", ".", "-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        var app = await builder.StartAsync();
        var pid = await app.PidAsync("polite");
        await app.UntilLineAsync("polite", "ready"); // Before that it has no trap, and ends at once.
        await app.StopAsync(Graph.Soon());
        Assert.False(Graph.IsAlive(pid));
        Assert.Contains("bye", await app.LinesAsync("polite"));
        await app.DisposeAsync();
    }

    [Fact]
    public void Two_resources_cannot_share_a_name()
    {
        var builder = Graph.Create();
        builder.AddRedis("cache");
        var error = Assert.Throws<DistributedApplicationException>(() => builder.AddExecutable("Cache", "true", "."));
        Assert.StartsWith("The graph has a resource called 'cache' already", error.Message, StringComparison.Ordinal);
    }
}
