using System.Globalization;
using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Kubernetes.Diagnosis;

/// <summary>Turns what the scheduler writes of nodes that do not fit into a sentence with the remedy.</summary>
/// <remarks><c>0/4 nodes are available: 2 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {pool: batch}. preemption: …</c></remarks>
internal static partial class SchedulingDiagnosis
{
    private static readonly (Regex Text, Func<Match, string> Fact, Func<Match, string> Remedy)[] Table =
    [
        (Insufficient, match => $"{Nodes(match)} too little {Name(match)} free", match => match.Groups["what"].Value is var what && what.Contains('/', StringComparison.Ordinal)
            ? $"free {what} by stopping another deployment, add nodes with it, or choose another gpu.type"
            : $"lower resources.{(what == "ephemeral-storage" ? "disk" : what)}, or add or free nodes"),
        (Taint, match => $"{Nodes(match)} the taint {match.Groups["what"].Value.Trim()}, which the pod does not tolerate", match =>
            match.Groups["what"].Value.Contains("node.kubernetes.io/", StringComparison.Ordinal)
                ? "see what ails those nodes (kubectl describe node)"
                : "add the toleration to the GpuClass or to spec.tolerations"),
        (Affinity, match => $"{Nodes(match)} none of the labels asked for", _ => "correct the nodeSelector of the GpuClass or of the deployment, or label nodes"),
        (Unschedulable, match => $"{Nodes(match)} been closed to new pods", _ => "open them again (kubectl uncordon)"),
        (TooManyPods, match => $"{Nodes(match)} as many pods as they may", _ => "add nodes"),
        (VolumeZone, match => $"{Nodes(match)} no access to the volume", _ => "take a storage class that every zone can mount, or keep model and volume in one zone"),
        (VolumeLimit, match => $"{Nodes(match)} as many volumes as they may", _ => "add nodes"),
        (NoClaim, _ => $"the claim '{ShortNames.Claim}' is not there", _ => "deploy again: it is made anew"),
        (UnboundClaim, _ => $"the claim '{ShortNames.Claim}' has no volume", _ => "name a storage class that provides the access mode in Builder:Kubernetes:Cache, or make a volume"),
        (Ports, match => $"{Nodes(match)} the port taken", _ => "add nodes"),
    ];

    /// <returns>null: the text is none of the scheduler's.</returns>
    public static string? Read(string message)
    {
        // What could be preempted is said again, for all nodes, behind it.
        var end = message.IndexOf("preemption:", StringComparison.Ordinal);
        var text = end < 0 ? message : message[..end];
        var head = Head.Match(text);
        var found = Table.SelectMany(row => row.Text.Matches(text).Select(match => (Fact: row.Fact(match), Remedy: row.Remedy(match)))).ToList();
        if (found.Count == 0)
        {
            return head.Success ? $"No node fits: {text.Trim().TrimEnd('.')}." : null;
        }

        var remedies = string.Join("; or ", found.Select(one => one.Remedy).Distinct(StringComparer.Ordinal));
        var first = head.Success ? $"{Some(head.Groups["free"].Value)} of {head.Groups["all"].Value} nodes fits" : "No node fits";
        return $"{first}: {string.Join(", ", found.Select(one => one.Fact))}. {char.ToUpperInvariant(remedies[0])}{remedies[1..]}.";
    }

    private static string Some(string number) => number == "0" ? "None" : number;

    private static string Nodes(Match match) =>
        int.TryParse(match.Groups["n"].Value, CultureInfo.InvariantCulture, out var n) && n == 1 ? "1 has" : $"{match.Groups["n"].Value} have";

    private static string Name(Match match) => match.Groups["what"].Value;

    [GeneratedRegex(@"(?<free>\d+)/(?<all>\d+) nodes are available")]
    private static partial Regex Head { get; }

    [GeneratedRegex(@"(?<n>\d+) Insufficient (?<what>[A-Za-z0-9./_-]*[A-Za-z0-9])")]
    private static partial Regex Insufficient { get; }

    [GeneratedRegex(@"(?<n>\d+) node\(s\) had (?:untolerated )?taints? \{(?<what>[^}]*)\}")]
    private static partial Regex Taint { get; }

    [GeneratedRegex(@"(?<n>\d+) node\(s\) didn't (?:match|satisfy) (?:Pod's|pod's|plugin\(s\)|the pod's)? ?(?:node affinity(?:/selector)?|node selector|\[NodeAffinity\])")]
    private static partial Regex Affinity { get; }

    [GeneratedRegex(@"(?<n>\d+) node\(s\) were unschedulable")]
    private static partial Regex Unschedulable { get; }

    [GeneratedRegex(@"(?<n>\d+) Too many pods")]
    private static partial Regex TooManyPods { get; }

    [GeneratedRegex(@"(?<n>\d+) node\(s\) had (?:volume node affinity conflict|no available volume zone)")]
    private static partial Regex VolumeZone { get; }

    [GeneratedRegex(@"(?<n>\d+) node\(s\) exceed max volume count")]
    private static partial Regex VolumeLimit { get; }

    [GeneratedRegex(@"persistentvolumeclaim ""[^""]*"" not found")]
    private static partial Regex NoClaim { get; }

    [GeneratedRegex(@"unbound immediate PersistentVolumeClaims|didn't find available persistent volumes to bind")]
    private static partial Regex UnboundClaim { get; }

    [GeneratedRegex(@"(?<n>\d+) node\(s\) didn't have free ports")]
    private static partial Regex Ports { get; }
}
