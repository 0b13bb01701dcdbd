using System.Text.Json.Serialization;

namespace Orrery.Contracts;

/// <summary>One copy of a resource of the running graph, as the AppHost tells it. Secrets are masked before it leaves the AppHost.</summary>
public sealed record RunningResource
{
    /// <summary>What stands where a secret was.</summary>
    public const string Mask = "••••••••";

    /// <summary>The copy: the resource's name, or <c>gateway-1</c>, <c>gateway-2</c> where there are several.</summary>
    public required string Id { get; init; }

    /// <summary>The resource in the graph.</summary>
    public required string Name { get; init; }

    /// <summary><c>Project</c>, <c>Executable</c>, <c>Container</c>, <c>Parameter</c>, …</summary>
    public required string Type { get; init; }

    /// <summary><c>Running</c>, <c>Exited</c>, <c>Waiting</c>, …; absent before the first state.</summary>
    public string? State { get; init; }

    /// <summary><c>Healthy</c>, <c>Degraded</c> or <c>Unhealthy</c>; absent while it does not run.</summary>
    public string? Health { get; init; }

    public int? ExitCode { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>GPUs that each copy has.</summary>
    public int Gpus { get; init; }

    /// <summary>It stands in for something real, and says so in its answers.</summary>
    public bool Simulated { get; init; }

    public required IReadOnlyList<ResourceUrl> Urls { get; init; }

    public required IReadOnlyList<NamedValue> Properties { get; init; }

    public required IReadOnlyList<NamedValue> Environment { get; init; }

    public required IReadOnlyList<ResourceHealth> HealthReports { get; init; }

    public required IReadOnlyList<ResourceRelation> Relations { get; init; }

    public required IReadOnlyList<ResourceCommand> Commands { get; init; }
}

public sealed record ResourceUrl(string? Name, string Url);

/// <param name="Secret">The value is, or holds, a secret, and is masked.</param>
public sealed record NamedValue(string Name, string? Value, bool Secret);

/// <param name="Status"><c>Healthy</c>, <c>Degraded</c>, <c>Unhealthy</c>; absent before the first answer.</param>
public sealed record ResourceHealth(string Name, string? Status, string? Description);

/// <param name="To">The other resource's name.</param>
/// <param name="Kind"><c>Reference</c>, <c>WaitFor</c>, <c>Parent</c>, …</param>
public sealed record ResourceRelation(string To, string Kind);

public sealed record ResourceCommand(string Name, string DisplayName, bool Enabled);

public sealed record ResourceCommandResult(bool Success, string? Message);

/// <summary>A line that a resource wrote.</summary>
/// <param name="Number">Counts up from 1 with each line.</param>
public sealed record ResourceOutput(int Number, string Text, bool IsError);

/// <summary>How the AppHost's feed of the running graph is asked.</summary>
public static class ResourceFeedContract
{
    public const string KeyHeader = "x-resource-feed-key";
    public const string Stream = "/resources/stream";

    /// <summary>So often at least the stream says something: an empty list where nothing has changed. Who hears nothing for three times as long has lost it.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    public static string Output(string id) => $"/resources/{Uri.EscapeDataString(id)}/output";

    public static string Command(string id, string command) => $"/resources/{Uri.EscapeDataString(id)}/commands/{Uri.EscapeDataString(command)}";
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<RunningResource>))]
[JsonSerializable(typeof(ResourceCommandResult))]
[JsonSerializable(typeof(ResourceOutput))]
public sealed partial class ResourceFeedJson : JsonSerializerContext;
