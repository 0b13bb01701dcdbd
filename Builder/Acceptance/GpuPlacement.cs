using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Acceptance;

/// <summary>Holds the GPUs that a model fits on against those that a target has.</summary>
internal static class GpuPlacement
{
    /// <summary>Says of a node which GpuClass it has; needed only where neither its resource nor its other labels tell.</summary>
    public const string ClassLabel = "orrery.dev/gpu-class";

    /// <summary>The first choice that has room now; without one, the refusal that says what there is.</summary>
    /// <param name="runs">Replicas run already: where a class is there at all, their GPUs come free.</param>
    public static (GpuChoice? Choice, IReadOnlyList<DeploymentFault> Faults) Choose(IReadOnlyList<GpuChoice> choices, ModelDeploymentSpec spec, Inventory inventory, bool runs)
    {
        if (choices is [{ Class: null } without, ..])
        {
            return (without, []);
        }

        var places = choices.Select(choice => (Choice: choice, Nodes: NodesWith(choice, spec, inventory))).ToList();
        var free = places.Find(place => place.Nodes.Any(node => node.IsOpen && Free(node, place.Choice) >= place.Choice.Count));
        if (free.Choice is not null)
        {
            return (free.Choice, []);
        }

        // None is free now. Where nodes are made on demand, or our own replicas make room, that is no reason to refuse.
        var coming = places.Find(place => place.Choice.Spec!.Provisioned == true || (runs && place.Nodes.Any(node => Has(node, place.Choice) >= place.Choice.Count)));
        return coming.Choice is not null
            ? (coming.Choice, [])
            : (null, [new DeploymentFault(DeploymentReasons.NoNodeWithGpu, Refusal(places, spec, inventory))]);
    }

    private static string Refusal(IReadOnlyList<(GpuChoice Choice, IReadOnlyList<Node> Nodes)> places, ModelDeploymentSpec spec, Inventory inventory)
    {
        // The target's own machine is spoken of as one, and nobody adds a node to it.
        var isMachine = inventory.Room is not null;
        var asked = places.Select(place => isMachine ? OnMachine(place) : OnNodes(place, inventory.Nodes.Count));
        var other = Others(places, inventory, isMachine);
        var told = $"{string.Join("; ", asked)}{(other.Length == 0 ? "" : "; " + other)}. ";
        return isMachine ? "This machine has " + told + (spec.Gpu?.Type is null
                ? "Declare the GpuClass of what there is, or ask for none (spec.gpu.count: 0) where the server runs without."
                : "Free one, choose another spec.gpu.type, or ask for none (spec.gpu.count: 0) where the server runs without.")
            : told + (spec.Gpu?.Type is null ? "Add such a node, or declare the GpuClass of what there is." : "Add such a node, free one, or choose another spec.gpu.type.");
    }

    private static string Wanted(GpuChoice choice) => choice.Count == 1 ? choice.Class! : $"{choice.Count} x {choice.Class}";

    private static string OnMachine((GpuChoice Choice, IReadOnlyList<Node> Nodes) place) =>
        place.Nodes.Count == 0 ? $"no {place.Choice.Class}"
        : place.Nodes.Max(node => Has(node, place.Choice)) is var most && most < place.Choice.Count ? $"{most} x {place.Choice.Class} and not {place.Choice.Count}"
        : $"{Wanted(place.Choice)}, {Free(place.Nodes[0], place.Choice)} free";

    private static string OnNodes((GpuChoice Choice, IReadOnlyList<Node> Nodes) place, int nodes)
    {
        var all = nodes == 1 ? "1 node" : $"{nodes} nodes";
        var enough = place.Nodes.Where(node => Has(node, place.Choice) >= place.Choice.Count).ToList();
        return enough.Count == 0
            ? $"0 of {all} {(nodes == 1 ? "has" : "have")} {Wanted(place.Choice)}{Less(place)}"
            : $"{enough.Count} of {all} {(enough.Count == 1 ? "has" : "have")} {Wanted(place.Choice)}, {Taken(enough, place.Choice)}";
    }

    private static string Less((GpuChoice Choice, IReadOnlyList<Node> Nodes) place) =>
        place.Nodes.Count == 0 ? "" : $" ({place.Nodes.Count} with fewer, {place.Nodes.Max(node => Has(node, place.Choice))} at most)";

    private static string Taken(IReadOnlyList<Node> nodes, GpuChoice choice) =>
        nodes.All(node => !node.IsOpen) ? "none open for new work"
        : nodes.Count == 1 ? $"{Free(nodes[0], choice)} free" : nodes.Count == 2 ? "both taken" : "all taken";

    /// <summary>GPUs of other kinds, so that it is seen what could be asked for instead.</summary>
    private static string Others(IReadOnlyList<(GpuChoice Choice, IReadOnlyList<Node> Nodes)> places, Inventory inventory, bool isMachine)
    {
        var known = places.SelectMany(place => place.Nodes).Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        return string.Join("; ", inventory.Nodes
            .Where(node => !known.Contains(node.Name))
            .SelectMany(node => node.Capacity.Where(pair => pair.Value > 0).Select(pair => (Kind: node.Labels.GetValueOrDefault("nvidia.com/gpu.product") ?? pair.Key, Free: node.Free.GetValueOrDefault(pair.Key))))
            .GroupBy(gpu => gpu.Kind, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"{(isMachine ? "it has" : $"{group.Count()} {(group.Count() == 1 ? "has" : "have")}")} {group.Key}, {(group.Any(gpu => gpu.Free > 0) ? $"{group.Sum(gpu => gpu.Free)} free" : "taken")}"));
    }

    /// <summary>Nodes of the class, that the deployment may run on.</summary>
    private static IReadOnlyList<Node> NodesWith(GpuChoice choice, ModelDeploymentSpec spec, Inventory inventory) =>
    [
        .. inventory.Nodes.Where(node => Has(node, choice) > 0
            && (node.Labels.GetValueOrDefault(ClassLabel) is not { } named || named == choice.Class)
            && Matches(node, choice.Spec!.NodeSelector) && Matches(node, spec.NodeSelector)
            && node.Taints.Where(taint => taint.Effect != "PreferNoSchedule").All(taint => (choice.Spec.Tolerations ?? []).Concat(spec.Tolerations ?? []).Any(toleration => Tolerates(toleration, taint)))),
    ];

    private static int Has(Node node, GpuChoice choice) => node.Capacity.GetValueOrDefault(choice.Spec!.EffectiveResourceName);

    private static int Free(Node node, GpuChoice choice) => node.Free.GetValueOrDefault(choice.Spec!.EffectiveResourceName);

    private static bool Matches(Node node, IReadOnlyDictionary<string, string>? selector) =>
        selector is null || selector.All(pair => node.Labels.GetValueOrDefault(pair.Key) == pair.Value);

    private static bool Tolerates(Toleration toleration, Taint taint) =>
        (toleration.Key is null || toleration.Key == taint.Key)
        && (toleration.Effect is null || toleration.Effect == taint.Effect)
        && (toleration.Operator == "Exists" || (toleration.Value ?? "") == (taint.Value ?? ""));
}
