using System.Text.Json.Serialization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>One copy of a resource as the API shows it: secrets are masked.</summary>
internal sealed record ResourceDocument(
    string Name,
    string Id,
    string Type,
    string? State,
    string? StateStyle,
    string? Health,
    int? ExitCode,
    DateTime? CreatedAt,
    DateTime? StartedAt,
    DateTime? StoppedAt,
    IReadOnlyList<UrlDocument> Urls,
    IReadOnlyList<NamedValue> Properties,
    IReadOnlyList<NamedValue> Environment,
    IReadOnlyList<HealthDocument> HealthReports,
    IReadOnlyList<RelationDocument> Relationships,
    IReadOnlyList<CommandStateDocument> Commands)
{
    private const string Mask = "********";

    public static ResourceDocument Of(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        return new(
            change.Resource.Name,
            change.ResourceId,
            snapshot.ResourceType,
            snapshot.State?.Text,
            snapshot.State?.Style,
            snapshot.HealthStatus?.ToString(),
            snapshot.ExitCode,
            snapshot.CreationTimeStamp,
            snapshot.StartTimeStamp,
            snapshot.StopTimeStamp,
            [.. snapshot.Urls.Where(one => !one.IsInternal).Select(one => new UrlDocument(one.Name, one.Url, one.DisplayText))],
            [.. snapshot.Properties.Select(one => new NamedValue(one.Name, one.IsSensitive ? Mask : one.Value?.ToString()))],
            [.. snapshot.EnvironmentVariables.Select(one => new NamedValue(one.Name, one.IsSecret ? Mask : one.Value))],
            [.. snapshot.HealthReports.Select(one => new HealthDocument(one.Name, one.Status?.ToString(), one.Description))],
            [.. snapshot.Relationships.Select(one => new RelationDocument(one.ResourceName, one.Type))],
            [.. snapshot.Commands.Select(one => new CommandStateDocument(one.Name, one.DisplayName, one.State.ToString()))]);
    }
}

internal sealed record UrlDocument(string? Name, string Url, string? DisplayText);

internal sealed record NamedValue(string Name, string? Value);

internal sealed record HealthDocument(string Name, string? Status, string? Description);

internal sealed record RelationDocument(string Resource, string Type);

internal sealed record CommandStateDocument(string Name, string DisplayName, string State);

internal sealed record CommandDocument(bool Success, string? Message);

internal sealed record LogDocument(int Number, string Text, bool IsError);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<ResourceDocument>))]
[JsonSerializable(typeof(CommandDocument))]
[JsonSerializable(typeof(LogDocument))]
internal sealed partial class ResourceApiJson : JsonSerializerContext;
