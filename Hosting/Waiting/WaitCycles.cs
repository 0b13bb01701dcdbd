using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

internal static class WaitCycles
{
    /// <summary>Refuses a graph in which resources wait for each other in a circle: none of them would ever start.</summary>
    public static void Check(IEnumerable<IResource> resources)
    {
        var done = new HashSet<IResource>();
        foreach (var resource in resources)
        {
            Visit(resource, [], done);
        }
    }

    private static void Visit(IResource resource, List<IResource> path, HashSet<IResource> done)
    {
        var start = path.IndexOf(resource);
        if (start >= 0)
        {
            var circle = string.Join(" -> ", path[start..].Append(resource).Select(one => one.Name));
            throw new DistributedApplicationException($"Resources wait for each other in a circle: {circle}.");
        }

        if (!done.Contains(resource))
        {
            path.Add(resource);
            foreach (var wait in resource.Annotations.OfType<WaitAnnotation>())
            {
                Visit(wait.Resource, path, done);
            }

            path.RemoveAt(path.Count - 1);
            done.Add(resource);
        }
    }
}
