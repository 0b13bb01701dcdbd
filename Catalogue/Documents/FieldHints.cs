using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>What a field may hold, where its type does not say: for messages and for the JSON Schema.</summary>
internal static class FieldHints
{
    private static readonly Dictionary<(Type Type, string Field), IReadOnlyList<string>> Values = new()
    {
        [(typeof(ModelSpec), "modelType")] = ModelTypes.All,
        [(typeof(ProvidedModel), "modelType")] = ModelTypes.All,
        [(typeof(ModelProviderSpec), "engine")] = Engines.All,
        [(typeof(ProviderAuth), "type")] = AuthTypes.All,
        [(typeof(AccessKeySpec), "role")] = AccessRoles.All,
        [(typeof(ModelSpec), "strategy")] = RoutingStrategies.All,
        [(typeof(RouteSpec), "strategy")] = RoutingStrategies.All,
    };

    public static IReadOnlyList<string>? AllowedValues(Type type, string field) => Values.GetValueOrDefault((type, field));

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
            _ when type == typeof(DateTimeOffset) => "a time such as 2026-01-31T12:00:00Z (RFC 3339, with its offset)",
            _ when type == typeof(IReadOnlyDictionary<string, string>) => "a mapping of names to texts",
            _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) => "a mapping of names to mappings",
            _ when type.IsGenericType => "a list",
            _ => "a mapping",
        };
    }
}
