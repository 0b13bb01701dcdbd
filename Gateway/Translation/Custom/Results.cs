using Orrery.Expressions;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Reads what an expression gave. What is wrong is kept as words for an operator.</summary>
internal struct Results
{
    private const double MostExact = 1L << 53;
    private static readonly string[] UsageKeys = ["prompt_tokens", "completion_tokens", "cached_tokens", "total_tokens"];

    /// <summary>The first thing that was wrong, as the end of a sentence about the field.</summary>
    public string? Fault { get; private set; }

    public static string Name(in Value value) => value.Kind switch
    {
        ValueKind.Null => "null",
        ValueKind.Bool => "a bool",
        ValueKind.Int or ValueKind.Double => "a number",
        ValueKind.String => "a text",
        ValueKind.List => "a list",
        ValueKind.Map => "a map",
        _ => "what has no form in JSON",
    };

    public void Fail(string fault) => Fault ??= fault;

    /// <summary>Refuses keys that mean nothing, so that a typing error does not lose a part of an answer.</summary>
    public void Require(MapValue map, string[] known, string what)
    {
        foreach (var key in map.Keys)
        {
            if (key.Kind != ValueKind.String || Array.IndexOf(known, key.AsString()) < 0)
            {
                Fail($"gives {what} with '{Shown.Of(key.ToString().Trim('"'))}'; expected {string.Join(", ", known)}");
            }
        }
    }

    public static Value Of(MapValue map, string key) => map.TryGet(key, out var value) ? value : Value.Null;

    public string? Text(MapValue map, string key)
    {
        var value = Of(map, key);
        if (value.Kind is ValueKind.String)
        {
            return value.AsString();
        }

        if (!value.IsNull)
        {
            Fail($"gives {Name(value)} as '{key}'; expected a text or null");
        }

        return null;
    }

    /// <summary>A whole number from 0 on; <c>null</c> where there is none.</summary>
    public long? Count(MapValue map, string key)
    {
        var value = Of(map, key);
        switch (value.Kind)
        {
            case ValueKind.Null:
                return null;
            case ValueKind.Int when value.AsInt() >= 0:
                return value.AsInt();
            case ValueKind.Double when value.AsDouble() is >= 0 and <= MostExact && double.IsInteger(value.AsDouble()):
                return (long)value.AsDouble();
            default:
                Fail($"gives {Name(value)} as '{key}'; expected a whole number from 0 on, or null");
                return null;
        }
    }

    /// <summary>What an engine says of tokens; <c>null</c> where it says nothing.</summary>
    public CountedTokens? Usage(in Value value)
    {
        if (value.IsNull)
        {
            return null;
        }

        if (value.Kind != ValueKind.Map)
        {
            Fail($"gives {Name(value)} as usage; expected {{'prompt_tokens', 'completion_tokens'}} or null");
            return null;
        }

        var map = value.AsMap();
        Require(map, UsageKeys, "usage");
        var counted = new CountedTokens(Count(map, "prompt_tokens"), Count(map, "completion_tokens"), Count(map, "cached_tokens") ?? 0);
        return counted is { Prompt: null, Completion: null } ? null : counted;
    }
}

/// <summary>Counts of an engine, which may know only one of them.</summary>
internal readonly record struct CountedTokens(long? Prompt, long? Completion, long Cached);
