using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Stops resources, each when all that use it have ended: a database after its last client.</summary>
internal static class StopOrder
{
    public static async Task StopAsync(IEnumerable<IResource> resources, Func<IResource, Task> stop)
    {
        var all = resources.ToList();
        var order = Levels(all);
        foreach (var level in order)
        {
            await Task.WhenAll(level.Select(stop));
        }
    }

    /// <summary>Resources in groups: nobody in a group is used by anybody in a later one.</summary>
    internal static IReadOnlyList<IReadOnlyList<IResource>> Levels(IReadOnlyList<IResource> resources)
    {
        var left = resources.ToList();
        var levels = new List<IReadOnlyList<IResource>>();
        while (left.Count > 0)
        {
            var used = left.SelectMany(one => Uses(one).Where(other => !ReferenceEquals(other, one))).ToHashSet();
            var free = left.Where(one => !used.Contains(one)).ToList();

            // Two that refer to each other: neither can be first, so both are.
            var level = free.Count > 0 ? free : left.ToList();
            levels.Add(level);
            left.RemoveAll(level.Contains);
        }

        return levels;
    }

    private static IEnumerable<IResource> Uses(IResource resource)
    {
        var related = resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(one => one.Resource);
        return resource is IResourceWithParent { Parent: var parent } ? related.Append(parent) : related;
    }
}
