namespace Orrery.Tests.Kubernetes;

/// <summary>Volumes and where they are mounted.</summary>
internal static class VolumeRules
{
    public static IEnumerable<Finding> Check(Chart chart) => chart.Workloads.SelectMany(workload => (IEnumerable<Finding>)
        [.. Volumes(workload), .. workload.AllContainers.SelectMany(container => Mounts(workload, container))]);

    private static IEnumerable<Finding> Volumes(Workload workload)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var volume in workload.Pod["volumes"].Items)
        {
            if (!Formats.IsLabel(volume["name"].Text ?? ""))
            {
                yield return workload.Find(volume["name"], "a DNS label (a-z, 0-9, -) of at most 63 characters");
            }
            else if (!seen.Add(volume["name"].Text!))
            {
                yield return workload.Find(volume["name"], "a name that no other volume of this pod has");
            }

            if (volume.Entries.Count(entry => entry.Name is not "name") != 1)
            {
                yield return workload.Find(volume, "exactly one source, for example emptyDir: {}");
            }
        }
    }

    private static IEnumerable<Finding> Mounts(Workload workload, Field container)
    {
        var volumes = Names(workload.Pod["volumes"].Items).Concat(Names(workload.Document["spec"]["volumeClaimTemplates"].Items.Select(claim => claim["metadata"]))).ToHashSet();
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in container["volumeMounts"].Items)
        {
            if (!volumes.Contains(mount["name"].Text))
            {
                yield return workload.Find(mount["name"], $"a volume of this pod: {(volumes.Count == 0 ? "it has none" : string.Join(", ", volumes))}");
            }

            if (!(mount["mountPath"].Text ?? "").StartsWith('/') || mount["mountPath"].Text!.Contains(':', StringComparison.Ordinal))
            {
                yield return workload.Find(mount["mountPath"], "an absolute path without a colon");
            }
            else if (!paths.Add(mount["mountPath"].Text!.TrimEnd('/')))
            {
                yield return workload.Find(mount["mountPath"], "a path at which nothing else is mounted");
            }

            if (mount["subPath"].Text is { } part && (part.StartsWith('/') || part.Split('/').Contains("..")))
            {
                yield return workload.Find(mount["subPath"], "a relative path without ..");
            }
        }
    }

    private static IEnumerable<string?> Names(IEnumerable<Field> named) => named.Select(item => item["name"].Text);
}
