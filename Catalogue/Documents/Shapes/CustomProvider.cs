using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A custom provider as gateways with a dashboard have it: <c>{name, type: "openai-compatible", base_url, api_key, models}</c>.</summary>
internal sealed record CustomProvider
{
    public required string Name { get; init; }

    public string? Type { get; init; }

    public string? DisplayName { get; init; }

    public string? Description { get; init; }

    public string? BaseUrl { get; init; }

    public IReadOnlyList<CustomEndpoint>? Endpoints { get; init; }

    public string? ApiKey { get; init; }

    public IReadOnlyList<string>? ApiKeys { get; init; }

    public string? AuthType { get; init; }

    public string? AuthHeader { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    public IReadOnlyList<CustomModel>? Models { get; init; }

    public CustomHealthCheck? HealthCheck { get; init; }

    public CustomRateLimits? RateLimits { get; init; }

    public JsonElement? Timeout { get; init; }

    public int? TimeoutSeconds { get; init; }

    public int? Priority { get; init; }

    public int? Weight { get; init; }

    public bool? Enabled { get; init; }
}

internal sealed record CustomEndpoint
{
    public string? Url { get; init; }

    public string? BaseUrl { get; init; }

    public int? Weight { get; init; }
}

internal sealed record CustomModel
{
    public required string Id { get; init; }

    public string? Name { get; init; }

    public string? Type { get; init; }

    public int? ContextWindow { get; init; }

    public int? MaxOutputTokens { get; init; }

    [JsonPropertyName("cost_per_1k_input")]
    public double? CostPer1kInput { get; init; }

    [JsonPropertyName("cost_per_1k_output")]
    public double? CostPer1kOutput { get; init; }
}

internal sealed record CustomHealthCheck
{
    public bool? Enabled { get; init; }

    public string? Endpoint { get; init; }

    public int? IntervalSeconds { get; init; }

    public int? TimeoutSeconds { get; init; }

    public int? FailureThreshold { get; init; }
}

internal sealed record CustomRateLimits
{
    public long? RequestsPerSecond { get; init; }

    public long? RequestsPerMinute { get; init; }

    public long? RequestsPerHour { get; init; }

    public long? RequestsPerDay { get; init; }

    public long? TokensPerMinute { get; init; }

    public long? TokensPerHour { get; init; }

    public long? TokensPerDay { get; init; }

    public int? MaxConcurrentRequests { get; init; }
}
