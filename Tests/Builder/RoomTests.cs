using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder;

/// <summary>What a machine has left, reckoned and told.</summary>
public sealed class RoomTests
{
    private static readonly DeploymentKey Own = new("default", "own", "1");
    private static readonly DeploymentKey Chat = new("default", "chat", "2");
    private static readonly DeploymentKey Foreign = new("acme", "secret-plan", "3");

    [Theory]
    [InlineData("500GB", null, 1, "It asks for 500 GB of memory; this machine has 25.2 GB, of which 8 GB are promised to 'chat' and 2 GB are promised to other namespaces. Lower spec.resources.memory, end what has it, or raise Key.")]
    [InlineData("6GB", null, 3, "It asks for 3 x 6 GB of memory; this machine has 25.2 GB, of which 8 GB are promised to 'chat' and 2 GB are promised to other namespaces. Lower spec.resources.memory, end what has it, or raise Key.")]
    [InlineData("1GB", "4", 1, "It asks for 4 cores; this machine has 4, of which 1 is promised to 'chat'. Lower spec.resources.cpu, end what has it, or raise Key.")]
    [InlineData("15.2GB", "3", 1, null)]
    [InlineData("500GB", "400", 0, null)]
    [InlineData(null, "3000m", 1, null)]
    public void What_is_declared_is_held_against_what_others_were_promised(string? memory, string? cpu, int replicas, string? told)
    {
        var room = new Room(4, 25_200_000_000, 1, "Key", [new Promise(Chat, 1, 8_000_000_000), new Promise(Foreign, 0, 2_000_000_000)]);
        Assert.Equal(told, room.Lacks(Own, new ModelResources { Cpu = cpu, Memory = ByteSize.TryParse(memory, out var size) ? size : null }, replicas));
    }

    [Fact]
    public void Nothing_declared_asks_for_nothing_and_overcommitted_there_is_more()
    {
        var room = new Room(2, 8_000_000_000, 1, "Key", [new Promise(Own, 2, 6_000_000_000)]);
        var asked = new ModelResources { Memory = new ByteSize(6_000_000_000) };
        Assert.Null(room.Lacks(Own, null, 10));
        Assert.Null(room.Lacks(Own, new ModelResources { Disk = new ByteSize(1L << 50) }, 10));
        Assert.Equal(
            "It asks for 6 GB of memory; this machine has 8 GB, of which 6 GB are promised to its other replicas. Lower spec.resources.memory, let those end first (spec.rollout.strategy: recreate), or raise Key.",
            room.Lacks(Own, asked, 1));
        Assert.Null((room with { Overcommit = 1.5 }).Lacks(Own, asked, 1));
        Assert.Null((room with { Overcommit = 0 }).Lacks(Own, asked, 1_000));
        Assert.Contains("this machine has 8 GB (it may be promised 1.5 times), of which", (room with { Overcommit = 1.5 }).Lacks(Own, asked, 2), StringComparison.Ordinal);
    }
}
