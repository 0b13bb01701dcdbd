using System.Net;
using System.Net.Sockets;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;

namespace Orrery.Tests.Builder.Container;

[Collection(ServerImageCollection.Name)]
public sealed class NetworkTests(ServerImage image)
{
    [Fact]
    public async Task On_the_machines_network_every_server_is_told_a_port_of_its_own_and_taken_ones_are_passed_over()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        using var busy = new TcpListener(IPAddress.Any, 21_501);
        busy.Start();
        await using var world = new ContainerWorld(options => (options.Network, options.FirstPort, options.LastPort) = (ContainerOptions.Host, 21_500, 21_503));
        var wanted = ContainerWorld.Wanted(world.Key(), ContainerWorld.Template(), 2);
        await world.ReadyAsync(wanted);
        var seen = await world.UntilAsync(wanted with { Count = 4 }, seen => seen.Count == 4 && seen.Count(one => one.State == ReplicaState.Ready) == 3);
        Assert.Equal([21_500, 21_502, 21_503], seen.Where(one => one.State == ReplicaState.Ready).Select(one => one.Address!.Port));
        var waiting = seen.Single(one => one.State == ReplicaState.Waiting);
        Assert.Equal((3, ReplicaReasons.NoPlace), (waiting.Ordinal, waiting.Reason));
        Assert.StartsWith("No port is free for it: 21500 to 21503 are taken", waiting.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_told_a_port_runs_once_and_the_second_one_waits()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var world = new ContainerWorld(options => (options.Network, options.FirstPort, options.LastPort) = (ContainerOptions.Host, 21_510, 21_519));
        var template = ContainerWorld.Template() with { Command = ["/bin/sh", "-c", "exec busybox httpd -f -p $((21000 + 520)) -h /www"], Port = 21_520, Drain = TimeSpan.Zero };
        var seen = await world.UntilAsync(ContainerWorld.Wanted(world.Key(), template, 2), seen => seen.Count == 2 && seen[0].State == ReplicaState.Ready);
        Assert.Equal(21_520, seen[0].Address!.Port);
        Assert.Equal(ReplicaState.Waiting, seen[1].State);
        Assert.Contains("its server listens on 21520 and cannot be told another; write the port into spec.command", seen[1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port 8000", "--port 9")]
    [InlineData("--port=8000", "--port=9")]
    [InlineData("-p 8000", "-p 9")]
    [InlineData("--http-port 8000 --max-model-len 8000", "--http-port 9 --max-model-len 8000")]
    [InlineData("--bind 0.0.0.0:8000", "--bind 0.0.0.0:9")]
    [InlineData("--urls=http://*:8000", "--urls=http://*:9")]
    [InlineData("--max-model-len 8000", null)]
    [InlineData("8000", null)]
    [InlineData("--port 8001", null)]
    [InlineData("--support 8000", null)]
    public void Where_arguments_name_the_port_it_is_changed(string arguments, string? expected)
    {
        var moved = ServerPort.Move(new ServerStart(["serve"], arguments.Split(' '), new Dictionary<string, string>()), 8000, 9);
        Assert.Equal(expected, moved is null ? null : string.Join(' ', moved.Arguments));
    }

    [Theory]
    [InlineData("PORT", true)]
    [InlineData("ASPNETCORE_HTTP_PORTS", true)]
    [InlineData("PASSPORT", false)]
    [InlineData("LIMIT", false)]
    public void Where_a_variable_names_the_port_it_is_changed(string name, bool isPort) =>
        Assert.Equal(isPort ? "9" : null, ServerPort.Move(new ServerStart([], [], new Dictionary<string, string> { [name] = "8000" }), 8000, 9)?.Environment[name]);
}
