using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>What Kubernetes takes as names of labels, taints and resources (its "Labels and Selectors" page).</summary>
public static partial class KubernetesNames
{
    /// <summary>A name with or without a domain before it: <c>nvidia.com/gpu</c>, <c>pool</c>.</summary>
    public static bool IsQualified(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? Name.IsMatch(name) : slash <= 253 && Domain.IsMatch(name[..slash]) && Name.IsMatch(name[(slash + 1)..]);
    }

    public static bool IsLabelValue(string value) => value.Length == 0 || Name.IsMatch(value);

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex Name { get; }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\z")]
    private static partial Regex Domain { get; }
}
