using Orrery.Contracts;

namespace Orrery.Catalogue.Probing;

/// <summary>Served ids that may be meant by one that is not.</summary>
internal static class NearModels
{
    private const int Most = 3;

    /// <remarks>What is most often wrong: the organisation before the slash, a date or a tag behind the name, a slip.</remarks>
    public static IReadOnlyList<string> Of(string id, IReadOnlyList<string> served)
    {
        var name = NameOf(id);
        return [.. served.Where(other => NameOf(other).Equals(name, StringComparison.OrdinalIgnoreCase))
            .Concat(Spelling.Nearest(id, served) is { } slip ? [slip] : [])
            .Concat(served.Where(other => name.Length > 2 && (NameOf(other).StartsWith(name, StringComparison.OrdinalIgnoreCase) || name.StartsWith(NameOf(other), StringComparison.OrdinalIgnoreCase))))
            .Distinct(StringComparer.Ordinal)
            .Take(Most)];
    }

    private static string NameOf(string id) => id[(id.LastIndexOf('/') + 1)..];
}
