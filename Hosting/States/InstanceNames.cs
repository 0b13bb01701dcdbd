using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

internal static class InstanceNames
{
    /// <summary>The names of a resource's copies: its own, or numbered ones when there are several.</summary>
    public static IReadOnlyList<string> Of(IResource resource)
    {
        var replicas = resource.GetReplicaCount();
        return replicas == 1
            ? [resource.Name]
            : [.. Enumerable.Range(1, replicas).Select(n => string.Create(CultureInfo.InvariantCulture, $"{resource.Name}-{n}"))];
    }
}
