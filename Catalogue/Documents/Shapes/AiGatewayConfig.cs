using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>The configuration of an action <c>ai-gateway</c> in a traffic policy of ngrok.</summary>
internal sealed record AiGatewayConfig
{
    public long? MaxInputTokens { get; init; }

    public long? MaxOutputTokens { get; init; }

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    public JsonElement? QueryParams { get; init; }

    public JsonElement? Body { get; init; }

    public string? OnError { get; init; }

    public Duration? TotalTimeout { get; init; }

    public Duration? PerRequestTimeout { get; init; }

    public IReadOnlyList<AiGatewayProvider>? Providers { get; init; }

    public bool? OnlyAllowConfiguredProviders { get; init; }

    public bool? OnlyAllowConfiguredModels { get; init; }

    public AiGatewaySelection? ModelSelection { get; init; }

    public AiGatewaySelection? ApiKeySelection { get; init; }
}

/// <summary>Expressions that choose.</summary>
internal sealed record AiGatewaySelection
{
    /// <summary>A list of them, or one.</summary>
    public JsonElement? Strategy { get; init; }
}

internal sealed record AiGatewayProvider
{
    public required string Id { get; init; }

    public IReadOnlyList<string>? IdAliases { get; init; }

    public string? BaseUrl { get; init; }

    public string? DisplayName { get; init; }

    public string? Description { get; init; }

    public string? Website { get; init; }

    public bool? Disabled { get; init; }

    public JsonElement? Metadata { get; init; }

    /// <summary>Each a text, or a mapping with <c>value</c>.</summary>
    public IReadOnlyList<JsonElement>? ApiKeys { get; init; }

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    public IReadOnlyList<AiGatewayModel>? Models { get; init; }

    public IReadOnlyList<AiGatewaySurface>? SupportedApiSurfaces { get; init; }
}

internal sealed record AiGatewayModel
{
    public required string Id { get; init; }

    public IReadOnlyList<string>? IdAliases { get; init; }

    public string? AuthorId { get; init; }

    public string? DisplayName { get; init; }

    public string? Description { get; init; }

    public bool? Disabled { get; init; }

    public JsonElement? Metadata { get; init; }

    public IReadOnlyList<string>? InputModalities { get; init; }

    public IReadOnlyList<string>? OutputModalities { get; init; }

    public int? MaxContextWindow { get; init; }

    public int? MaxOutputTokens { get; init; }

    public IReadOnlyList<string>? SupportedFeatures { get; init; }

    public JsonElement? UnsupportedParams { get; init; }
}

internal sealed record AiGatewaySurface
{
    public required string Format { get; init; }

    public string? Surface { get; init; }

    public JsonElement? SupportedParams { get; init; }
}
