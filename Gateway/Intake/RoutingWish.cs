using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Gateway.Intake;

/// <summary>What a request says of its own way: <c>"routing": {"strategy": "cost", "providers": ["a", "b"], "fallback": false}</c>. Engines never see it.</summary>
/// <param name="Strategy">One of <see cref="RoutingStrategies"/>' own names; <c>null</c>: as declared.</param>
/// <param name="Providers">Only these, by name; <c>null</c>: all.</param>
/// <param name="Fallback"><c>false</c>: one provider answers or nobody.</param>
internal sealed record RoutingWish(string? Strategy, IReadOnlyList<string>? Providers, bool Fallback)
{
    private const int MostNames = 32;

    /// <summary>Reads the value of <c>routing</c>; <paramref name="wish"/> is <c>null</c> for <c>null</c>.</summary>
    public static Refusal? Read(ref Utf8JsonReader reader, out RoutingWish? wish)
    {
        wish = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return Refusal.BadField("routing", """'routing' is no object; expected one such as {"strategy": "cost", "providers": ["a"], "fallback": true}.""", "invalid_type");
        }

        string? strategy = null;
        IReadOnlyList<string>? providers = null;
        var fallback = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal? refusal;
            if (reader.ValueTextEquals("strategy"u8))
            {
                refusal = ReadStrategy(ref reader, out strategy);
            }
            else if (reader.ValueTextEquals("providers"u8))
            {
                refusal = ReadNames(ref reader, "routing.providers", out providers);
            }
            else if (reader.ValueTextEquals("fallback"u8))
            {
                refusal = ReadFallback(ref reader, out fallback);
            }
            else
            {
                var name = reader.GetString();
                refusal = Refusal.BadField("routing", $"'routing' has a field '{Shown.Of(name)}'; expected strategy, providers and fallback only.", "unknown_field");
            }

            if (refusal is not null)
            {
                return refusal;
            }
        }

        wish = new(strategy, providers, fallback);
        return null;
    }

    /// <summary>Reads a list of names; <paramref name="names"/> is <c>null</c> for <c>null</c>.</summary>
    public static Refusal? ReadNames(ref Utf8JsonReader reader, string field, out IReadOnlyList<string>? names)
    {
        names = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var list = new List<string>();
        var isList = reader.TokenType == JsonTokenType.StartArray;
        while (isList && reader.Read() && reader.TokenType == JsonTokenType.String && list.Count <= MostNames)
        {
            list.Add(reader.GetString()!);
        }

        names = list;
        return isList && reader.TokenType == JsonTokenType.EndArray && list.Count is > 0 and <= MostNames && !list.Exists(string.IsNullOrWhiteSpace)
            ? null
            : Refusal.BadField(field, $"'{field}' is no list of names; expected 1 to {MostNames} texts.", "invalid_type");
    }

    private static Refusal? ReadStrategy(ref Utf8JsonReader reader, out string? strategy)
    {
        strategy = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        strategy = RoutingStrategies.Named(text);
        return strategy is not null
            ? null
            : Refusal.BadField("routing.strategy", $"'routing.strategy' is {(text is null ? "no text" : $"'{Shown.Of(text)}'")}; expected one of {string.Join(", ", RoutingStrategies.All)}.");
    }

    private static Refusal? ReadFallback(ref Utf8JsonReader reader, out bool fallback)
    {
        reader.Read();
        fallback = reader.TokenType != JsonTokenType.False;
        return reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null
            ? null
            : Refusal.BadField("routing.fallback", "'routing.fallback' is neither true nor false; expected one of them.", "invalid_type");
    }
}
