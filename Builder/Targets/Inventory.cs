using Orrery.Contracts;

namespace Orrery.Builder.Targets;

/// <summary>What a target has.</summary>
/// <param name="Nodes">Machines that replicas may run on.</param>
/// <param name="Quotas">What the namespace may use in all.</param>
/// <param name="Room">Where the target itself has to see to cores and memory; absent: somebody else does, or there is enough.</param>
internal sealed record Inventory(IReadOnlyList<Node> Nodes, IReadOnlyList<QuotaLimit> Quotas, Room? Room = null);

/// <summary>One machine.</summary>
/// <param name="Capacity">How many there are of a resource: <c>nvidia.com/gpu</c>.</param>
/// <param name="Free">How many of them nothing has taken.</param>
/// <param name="IsOpen">Whether new replicas are placed there at all.</param>
internal sealed record Node(
    string Name,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<Taint> Taints,
    IReadOnlyDictionary<string, int> Capacity,
    IReadOnlyDictionary<string, int> Free,
    double FreeCores,
    ByteSize FreeMemory,
    bool IsOpen);

/// <summary>What keeps replicas away from a node unless they put up with it.</summary>
internal sealed record Taint(string Key, string? Value, string Effect);

/// <summary>One line of a quota: <c>requests.nvidia.com/gpu: 4 of 8</c>.</summary>
internal sealed record QuotaLimit(string Quota, string Resource, decimal Used, decimal Hard);
