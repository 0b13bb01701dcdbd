using System.Text.Json;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;

namespace Orrery.Catalogue.Documents;

/// <summary>What a field may hold, where its type does not say: for messages and for the JSON Schema.</summary>
internal static class FieldHints
{
    private static readonly Dictionary<(Type Type, string Field), IReadOnlyList<string>> Values = new()
    {
        [(typeof(ModelSpec), "modelType")] = ModelTypes.All,
        [(typeof(ModelSpec), "category")] = ModelCategories.All,
        [(typeof(ModelSpec), "engine")] = ServingEngines.All,
        [(typeof(ModelSpec), "dtype")] = WeightTypes.All,
        [(typeof(LicencePolicySpec), "otherwise")] = LicenceDecisions.All,
        [(typeof(LicencePolicySpec), "remoteCode")] = LicenceDecisions.All,
        [(typeof(LicenceRule), "decision")] = LicenceDecisions.All,
        [(typeof(ProvidedModel), "modelType")] = ModelTypes.All,
        [(typeof(ModelProviderSpec), "engine")] = Engines.All,
        [(typeof(RequestTransform), "method")] = TransformMethods.OfRequests,
        [(typeof(JobCall), "method")] = TransformMethods.OfJobs,
        [(typeof(StreamTransform), "format")] = StreamFormats.All,
        [(typeof(ProviderAuth), "type")] = AuthTypes.All,
        [(typeof(AccessKeySpec), "role")] = AccessRoles.All,
        [(typeof(ModelSpec), "strategy")] = RoutingStrategies.All,
        [(typeof(RouteSpec), "strategy")] = RoutingStrategies.All,
        [(typeof(ModelDeploymentSpec), "target")] = DeploymentTargets.All,
        [(typeof(ModelDeploymentSpec), "cache")] = WeightCaches.All,
        [(typeof(ModelDeploymentSpec), "server")] = [.. ServingEngines.All, .. ServingEngines.Alternatives],
        [(typeof(RolloutSpec), "strategy")] = RolloutStrategies.All,
        [(typeof(AutoscalingSpec), "metric")] = AutoscalingSpec.Metrics,
        [(typeof(Toleration), "operator")] = Toleration.Operators,
        [(typeof(Toleration), "effect")] = Toleration.Effects,
    };

    /// <summary>Amounts as Kubernetes takes them: a bare number is one too, of cores or of bytes.</summary>
    private static readonly HashSet<(Type Type, string Field)> Quantities = [(typeof(ModelResources), "cpu"), (typeof(ModelResources), "memory"), (typeof(ModelResources), "disk")];

    /// <summary>Names that stand in other systems' documents, and what is written here instead.</summary>
    private static readonly Dictionary<(Type Type, string Field), string> Foreign = new()
    {
        [(typeof(ModelProviderSpec), "apiKey")] = KeyInSecret,
        [(typeof(ModelProviderSpec), "apiKeys")] = KeyInSecret,
        [(typeof(ModelProviderSpec), "token")] = KeyInSecret,
        [(typeof(ProviderAuth), "apiKey")] = KeyInSecret,
        [(typeof(ProviderAuth), "key")] = KeyInSecret,
        [(typeof(ProviderAuth), "token")] = KeyInSecret,
        [(typeof(ProviderAuth), "password")] = KeyInSecret,
        [(typeof(ModelDeploymentSpec), "minReplicas")] = Within("autoscaling", "minReplicas: 1"),
        [(typeof(ModelDeploymentSpec), "maxReplicas")] = Within("autoscaling", "maxReplicas: 4"),
        [(typeof(ModelDeploymentSpec), "scaleToZeroAfter")] = Within("autoscaling", "scaleToZeroAfter: 15m"),
        [(typeof(ModelSpec), "license")] = "It is written licence here.",
        [(typeof(ModelSpec), "provider")] = "Who made the model is its vendor here; a provider is who offers it, a ModelProvider.",
        [(typeof(ModelSpec), "modelSize")] = "It is written weights here.",
    };

    private const string KeyInSecret = "Put the key into a Secret and name that: apiKeySecretRef: { name: vendor, key: token } in spec.";

    private static string Within(string field, string example) => $"Write it under {field}: {field}: {{ {example} }}.";

    public static IReadOnlyList<string>? AllowedValues(Type type, string field) => Values.GetValueOrDefault((type, field));

    public static bool IsQuantity(Type type, string field) => Quantities.Contains((type, field));

    /// <summary>What to write instead of a field that is not known here.</summary>
    public static string? Instead(Type type, string field) => Foreign.GetValueOrDefault((type, field));

    /// <summary>In words, what belongs into a field of <paramref name="type"/>.</summary>
    public static string Expectation(Type type, string? field, Type? fieldType)
    {
        if (field is not null && AllowedValues(type, field) is { } values)
        {
            return "one of " + string.Join(", ", values);
        }

        return Of(fieldType ?? type);
    }

    private static string Of(Type fieldType)
    {
        var type = Nullable.GetUnderlyingType(fieldType) ?? fieldType;
        return type switch
        {
            _ when type == typeof(string) => "a text",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(Duration) => Duration.Expectation,
            _ when type == typeof(ByteSize) => ByteSize.Expectation,
            _ when type == typeof(ParameterCount) => ParameterCount.Expectation,
            _ when type == typeof(DateTimeOffset) => "a time such as 2026-01-31T12:00:00Z (RFC 3339, with its offset)",
            _ when type == typeof(IReadOnlyDictionary<string, string>) => "a mapping of names to texts",
            _ when type == typeof(IReadOnlyDictionary<string, JsonElement>) => "a mapping of names to anything",
            _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) => "a mapping of names to mappings",
            _ when type.IsGenericType => "a list",
            _ => "a mapping",
        };
    }
}
