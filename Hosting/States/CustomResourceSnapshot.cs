using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Everything that is known of one copy of a resource at one moment.</summary>
public sealed record CustomResourceSnapshot
{
    /// <summary>Project, Executable, Container, Parameter…</summary>
    public required string ResourceType { get; init; }

    /// <summary>Facts to show: image, process id, who serves it.</summary>
    public required ImmutableArray<ResourcePropertySnapshot> Properties { get; init; }

    /// <summary>When the host took it up.</summary>
    public DateTime? CreationTimeStamp { get; init; }

    /// <summary>When it last began to run.</summary>
    public DateTime? StartTimeStamp { get; init; }

    /// <summary>When it last ended.</summary>
    public DateTime? StopTimeStamp { get; init; }

    /// <summary>Its state; null before the first one.</summary>
    public ResourceStateSnapshot? State { get; init; }

    /// <summary>The exit code of its last run.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Well or not; null while it does not run.</summary>
    public HealthStatus? HealthStatus => State?.Text != KnownResourceStates.Running ? null
        : HealthReports.IsDefaultOrEmpty ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy
        : HealthReports.Min(report => report.Status ?? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);

    /// <summary>What each of its health checks said last.</summary>
    public ImmutableArray<HealthReportSnapshot> HealthReports { get; internal init; } = [];

    /// <summary>The variables that it was started with.</summary>
    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; init; } = [];

    /// <summary>Its addresses.</summary>
    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>What is mounted into it.</summary>
    public ImmutableArray<VolumeSnapshot> Volumes { get; init; } = [];

    /// <summary>The resources that it stands in a relation to.</summary>
    public ImmutableArray<RelationshipSnapshot> Relationships { get; init; } = [];

    /// <summary>What can be done to it.</summary>
    public ImmutableArray<ResourceCommandSnapshot> Commands { get; init; } = [];

    /// <summary>Whether lists leave it out.</summary>
    public bool IsHidden { get; init; }

    /// <summary>The ready handlers of its present run; null until it was healthy once.</summary>
    internal Task? Ready { get; init; }
}

/// <summary>A fact to show.</summary>
/// <param name="Name">Its name, as <c>container.image</c>.</param>
/// <param name="Value">Its value.</param>
public sealed record ResourcePropertySnapshot(string Name, object? Value)
{
    /// <summary>Whether it must not be shown.</summary>
    public bool IsSensitive { get; init; }
}

/// <summary>A variable that a resource was started with.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="IsFromSpec">Whether the graph set it, rather than this machine's environment.</param>
public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec);

/// <summary>An address.</summary>
/// <param name="Name">The endpoint's name, if it belongs to one.</param>
/// <param name="Url">The address.</param>
/// <param name="IsInternal">Whether lists leave it out.</param>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal)
{
    /// <summary>What is shown in its place.</summary>
    internal string? DisplayText { get; init; }
}

/// <summary>A mount.</summary>
/// <param name="Source">The volume's name or the host's path; null: anonymous.</param>
/// <param name="Target">The path inside.</param>
/// <param name="MountType">bind or volume.</param>
/// <param name="IsReadOnly">Whether it cannot be written.</param>
public sealed record VolumeSnapshot(string? Source, string Target, string MountType, bool IsReadOnly);

/// <summary>A relation.</summary>
/// <param name="ResourceName">The other resource.</param>
/// <param name="Type">See <see cref="KnownRelationshipTypes"/>.</param>
public sealed record RelationshipSnapshot(string ResourceName, string Type);

/// <summary>What a health check said last.</summary>
/// <param name="Name">The check.</param>
/// <param name="Status">Its verdict; null before the first.</param>
/// <param name="Description">Why.</param>
/// <param name="ExceptionText">The error, if it threw.</param>
public sealed record HealthReportSnapshot(string Name, HealthStatus? Status, string? Description, string? ExceptionText);

/// <summary>Something that can be done to a resource.</summary>
public sealed record ResourceCommandSnapshot
{
    internal ResourceCommandSnapshot(string name, ResourceCommandState state, string displayName) => (Name, State, DisplayName) = (name, state, displayName);

    /// <summary>The command's name.</summary>
    public string Name { get; init; }

    /// <summary>Whether it can be done now.</summary>
    public ResourceCommandState State { get; init; }

    /// <summary>What people see.</summary>
    public string DisplayName { get; init; }
}

/// <summary>A change of one copy of a resource.</summary>
public class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    /// <summary>The resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>The copy: the resource's name, or <c>{name}-1</c>, <c>{name}-2</c>… when there are several.</summary>
    public string ResourceId { get; } = resourceId;

    /// <summary>What is known of it now.</summary>
    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}
