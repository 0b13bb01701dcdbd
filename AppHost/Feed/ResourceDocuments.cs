using Orrery.Contracts;

namespace Orrery.AppHost;

/// <summary>A resource of Aspire's as the Console reads it.</summary>
internal static class ResourceDocuments
{
    public static RunningResource Of(ResourceEvent change, SecretMask mask)
    {
        var snapshot = change.Snapshot;
        return new()
        {
            Id = change.ResourceId,
            Name = change.Resource.Name,
            Type = snapshot.ResourceType,
            State = snapshot.State?.Text,
            Health = snapshot.HealthStatus?.ToString(),
            ExitCode = snapshot.ExitCode,
            StartedAt = snapshot.StartTimeStamp?.ToUniversalTime(),
            StoppedAt = snapshot.StopTimeStamp?.ToUniversalTime(),
            Gpus = change.Resource.Annotations.OfType<GpuAnnotation>().Sum(gpu => gpu.Count),
            Simulated = change.Resource.Annotations.OfType<SimulatedAnnotation>().Any(),
            Urls = [.. OrNone(snapshot.Urls).Where(url => !url.IsInternal).Select(url => new ResourceUrl(url.Name, mask.Hide(url.Url)))],
            Properties = [.. OrNone(snapshot.Properties).Select(one => one.IsSensitive ? new NamedValue(one.Name, RunningResource.Mask, true) : Named(one.Name, Text(one.Value), mask))],
            Environment = [.. OrNone(snapshot.EnvironmentVariables).Where(one => one.IsFromSpec).Select(one => Named(one.Name, one.Value, mask))],
            HealthReports = [.. OrNone(snapshot.HealthReports).Select(one => new ResourceHealth(one.Name, one.Status?.ToString(), one.Description is { } text ? mask.Hide(text) : null))],
            Relations = [.. OrNone(snapshot.Relationships).Select(one => new ResourceRelation(one.ResourceName, one.Type)).Concat(Parent(change.Resource)).Distinct()],
            Commands = [.. OrNone(snapshot.Commands).Where(one => one.State != ResourceCommandState.Hidden).Select(one => new ResourceCommand(one.Name, one.DisplayName, one.State == ResourceCommandState.Enabled))],
        };
    }

    private static IEnumerable<ResourceRelation> Parent(IResource resource) =>
        resource is IResourceWithParent child ? [new ResourceRelation(child.Parent.Name, "Parent")] : [];

    private static NamedValue Named(string name, string? value, SecretMask mask)
    {
        var shown = value is null ? null : mask.Hide(value);
        return new(name, shown, shown != value);
    }

    private static string? Text(object? value) => value switch
    {
        null => null,
        string text => text,
        System.Collections.IEnumerable many => string.Join(' ', many.Cast<object>()),
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
    };

    private static System.Collections.Immutable.ImmutableArray<T> OrNone<T>(System.Collections.Immutable.ImmutableArray<T> items) => items.IsDefault ? [] : items;
}
