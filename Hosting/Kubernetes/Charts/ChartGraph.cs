using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Kubernetes;

/// <summary>The graph as a chart sees it: which resources become pods, and what is wrong with the others.</summary>
internal sealed class ChartGraph
{
    private readonly Dictionary<IResource, ChartWorkload> _workloads = [];

    public ChartGraph(IEnumerable<IResource> resources)
    {
        foreach (var resource in resources)
        {
            if (resource.IsExcludedFromPublish() || resource is not IComputeResource)
            {
                continue;
            }

            if (resource is ExecutableResource)
            {
                Faults.Add($"{resource.Name}: an executable has no image. Publish it as a container, or leave it out of the graph with ExcludeFromManifest.");
            }
            else
            {
                CheckName(resource);
                CheckMounts(resource);
                CheckPorts(resource);
                _workloads.Add(resource, new(resource));
            }
        }
    }

    /// <summary>Everything that keeps the chart from being written, each with the resource's name and a remedy.</summary>
    public List<string> Faults { get; } = [];

    public IReadOnlyCollection<ChartWorkload> Workloads => _workloads.Values;

    public ChartWorkload? Find(IResource resource) => _workloads.GetValueOrDefault(resource);

    /// <summary>A reference that carries no variable: this workload talks to the other by an address it learns elsewhere.</summary>
    public void AddRelations(ChartWorkload workload)
    {
        foreach (var relation in workload.Resource.Annotations.OfType<ResourceRelationshipAnnotation>().Where(one => one.Type == KnownRelationshipTypes.Reference))
        {
            if (Find(relation.Resource) is { } other && other != workload && !workload.References.ContainsKey(other))
            {
                workload.References[other] = [.. other.Ports.Select(port => port.Name)];
            }
        }
    }

    // A Service's name is a DNS label of 63 characters; a StatefulSet's stands in a label together with a hash.
    private void CheckName(IResource resource)
    {
        var most = resource is IResourceWithConnectionString ? 40 : 55;
        if (resource.Name.Length > most)
        {
            Faults.Add($"{resource.Name}: the name has {resource.Name.Length} characters; names of Kubernetes objects are made from it, which leaves {most}. Give it a shorter one.");
        }
    }

    private void CheckMounts(IResource resource)
    {
        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>())
        {
            if (mount.Type == ContainerMountType.BindMount)
            {
                Faults.Add($"{resource.Name}: {mount.Source} of this machine is mounted at {mount.Target}, which no cluster has. Use WithVolume, or put the files into the image.");
            }
            else if (mount.Source is null)
            {
                Faults.Add($"{resource.Name}: the volume at {mount.Target} has no name, so that an update could not find it again. Name it: WithVolume(\"name\", \"{mount.Target}\").");
            }
        }
    }

    private void CheckPorts(IResource resource)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.Name.Length > 15)
            {
                Faults.Add($"{resource.Name}: endpoint '{endpoint.Name}' has {endpoint.Name.Length} characters; Kubernetes takes at most 15 for a port's name.");
            }

            if (resource is not ProjectResource && endpoint.TargetPort is null && endpoint.Port is null)
            {
                Faults.Add($"{resource.Name}: endpoint '{endpoint.Name}' says no targetPort: say on which port the container listens.");
            }
        }
    }
}
