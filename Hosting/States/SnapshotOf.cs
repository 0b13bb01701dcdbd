using System.Collections.Immutable;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What the graph itself says of a resource, as the beginning of its snapshot.</summary>
internal static class SnapshotOf
{
    public static CustomResourceSnapshot New(IResource resource) => new()
    {
        ResourceType = TypeOf(resource),
        Properties = [],
        Relationships = [.. resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(one => new RelationshipSnapshot(one.Resource.Name, one.Type))],
        Volumes = [.. resource.Annotations.OfType<ContainerMountAnnotation>().Select(one =>
            new VolumeSnapshot(one.Source, one.Target, one.Type == ContainerMountType.BindMount ? "bind" : "volume", one.IsReadOnly))],
    };

    public static CustomResourceSnapshot WithCommands(IResource resource, CustomResourceSnapshot snapshot) => snapshot with
    {
        Commands = [.. resource.Annotations.OfType<ResourceCommandAnnotation>().Select(one =>
            new ResourceCommandSnapshot(one.Name, one.UpdateState(new UpdateCommandStateContext { ResourceSnapshot = snapshot }), one.DisplayName))],
    };

    /// <summary>The checks of a resource before any of them has spoken.</summary>
    public static ImmutableArray<HealthReportSnapshot> PendingHealth(IResource resource) =>
        [.. resource.Annotations.OfType<HealthCheckAnnotation>().Select(one => new HealthReportSnapshot(one.Key, Status: null, Description: null, ExceptionText: null))];

    public static CustomResourceSnapshot WithProperty(this CustomResourceSnapshot snapshot, string name, object? value, bool isSensitive = false) => snapshot with
    {
        Properties =
        [
            .. snapshot.Properties.Where(one => one.Name != name),
            new ResourcePropertySnapshot(name, value) { IsSensitive = isSensitive },
        ],
    };

    private static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => "Project",
        ExecutableResource => "Executable",
        ParameterResource => "Parameter",
        ContainerResource when resource.GetType() == typeof(ContainerResource) => "Container",
        _ => resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal),
    };
}
