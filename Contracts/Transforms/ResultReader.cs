using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>Reads what an expression gave. What is wrong is kept as words for an operator. The test of a connection reads as a gateway does.</summary>
public struct ResultReader
{
    private const double MostExact = 1L << 53;
    private const int LongestKey = 100;
    private bool _readsUsage;

    /// <summary>The first thing that was wrong.</summary>
    public ResultFault? Fault { get; private set; }

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

    public void Fail(string fault) => Fault ??= new ResultFault(_readsUsage, fault);

    /// <summary>Refuses keys that mean nothing, so that a typing error does not lose a part of an answer.</summary>
    public void Require(MapValue map, IReadOnlyList<string> known, string what)
    {
        foreach (var key in map.Keys)
        {
            if (key.Kind != ValueKind.String || !known.Contains(key.AsString()))
            {
                Fail($"gives {what} with '{Shown(key.ToString().Trim('"'))}'; expected {string.Join(", ", known)}");
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

    /// <summary>What an expression for usage alone says: its faults are told as its own.</summary>
    public CountedTokens? OwnUsage(in Value value)
    {
        _readsUsage = true;
        var counted = Usage(value);
        _readsUsage = false;
        return counted;
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
        Require(map, ResultKeys.Usage, "usage");
        var counted = new CountedTokens(Count(map, "prompt_tokens"), Count(map, "completion_tokens"), Count(map, "cached_tokens") ?? 0);
        return counted is { Prompt: null, Completion: null } ? null : counted;
    }

    /// <summary>As a message may repeat it: shortened, and without control characters.</summary>
    public static string Shown(string text)
    {
        var shortened = text.Length > LongestKey ? string.Concat(text.AsSpan(0, LongestKey - 3), "...") : text;
        return string.Create(shortened.Length, shortened, static (characters, source) =>
        {
            for (var i = 0; i < characters.Length; i++)
            {
                characters[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
    }
}

/// <summary>What is wrong with a result.</summary>
/// <param name="IsOfUsage">It is the expression for usage alone that gave it.</param>
/// <param name="Text">As the end of a sentence about the field.</param>
public sealed record ResultFault(bool IsOfUsage, string Text);

/// <summary>Counts of an engine, which may know only one of them.</summary>
public readonly record struct CountedTokens(long? Prompt, long? Completion, long Cached);
