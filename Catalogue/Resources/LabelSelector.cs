namespace Orrery.Catalogue.Resources;

/// <summary>Picks resources by label: <c>team=search,stage!=test,gpu,!spot</c>; all parts must hold.</summary>
internal sealed class LabelSelector
{
    private readonly IReadOnlyList<(string Key, string? Value, bool IsNegated)> _parts;

    private LabelSelector(IReadOnlyList<(string Key, string? Value, bool IsNegated)> parts) => _parts = parts;

    /// <exception cref="BadHttpRequestException">A part has no key.</exception>
    public static LabelSelector Parse(string? text)
    {
        var parts = (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParsePart).ToList();
        return parts.Exists(part => part.Key.Length == 0)
            ? throw new BadHttpRequestException($"labelSelector is '{text}'; expected parts such as key=value, key!=value, key or !key, separated by commas.")
            : new LabelSelector(parts);
    }

    public bool Matches(IReadOnlyDictionary<string, string>? labels) => _parts.All(part =>
    {
        var value = labels?.GetValueOrDefault(part.Key);
        return (part.Value is null ? value is not null : value == part.Value) != part.IsNegated;
    });

    private static (string Key, string? Value, bool IsNegated) ParsePart(string part)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return part.StartsWith('!') ? (part[1..].Trim(), null, true) : (part, null, false);
        }

        var isNegated = equals > 0 && part[equals - 1] == '!';
        return (part[..(isNegated ? equals - 1 : equals)].Trim(), part[(equals + 1)..].TrimStart('=').Trim(), isNegated);
    }
}
