using Orrery.Builder.Acceptance;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder;

/// <summary>What is told where no GPU is there.</summary>
public sealed class GpuPlacementTests
{
    private static readonly GpuChoice Two = new("l4", new GpuClassSpec(), 2, null, "", null);

    [Theory]
    [InlineData(1, "0 of 5 nodes have 2 x l4 (1 with fewer, 1 at most). Add such a node, or declare the GpuClass of what there is.")]
    [InlineData(2, "1 of 5 nodes has 2 x l4, 0 free. Add such a node, or declare the GpuClass of what there is.")]
    public void Nodes_are_counted(int gpus, string told) => Assert.Equal(told, Refusal([Node("n0", gpus), .. Enumerable.Range(1, 4).Select(number => Node($"n{number}", 0))], null));

    [Theory]
    [InlineData(0, null, "This machine has no l4. Declare the GpuClass of what there is, or ask for none (spec.gpu.count: 0) where the server runs without.")]
    [InlineData(1, "l4", "This machine has 1 x l4 and not 2. Free one, choose another spec.gpu.type, or ask for none (spec.gpu.count: 0) where the server runs without.")]
    [InlineData(2, "l4", "This machine has 2 x l4, 0 free. Free one, choose another spec.gpu.type, or ask for none (spec.gpu.count: 0) where the server runs without.")]
    public void One_machine_is_spoken_of_as_one(int gpus, string? type, string told) => Assert.Equal(told, Refusal([Node("laptop", gpus)], type, new Room(2, 1, 1, "", [])));

    private static string Refusal(IReadOnlyList<Node> nodes, string? type, Room? room = null)
    {
        var (choice, faults) = GpuPlacement.Choose([Two], new ModelDeploymentSpec { Gpu = new DeploymentGpu { Type = type } }, new Inventory(nodes, [], room), runs: false);
        Assert.Null(choice);
        return Assert.Single(faults).Message;
    }

    private static Node Node(string name, int gpus)
    {
        var capacity = new Dictionary<string, int> { [GpuClassSpec.DefaultResourceName] = gpus };
        return new Node(name, new Dictionary<string, string>(), [], capacity, new Dictionary<string, int>(), 1, new ByteSize(1), IsOpen: true);
    }
}
