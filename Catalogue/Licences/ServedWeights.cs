using System.Text.Json;
using Orrery.Catalogue.Entries;
using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>A licence that holds for what is served, and as what it is used.</summary>
/// <param name="Of">The entry that has the same weights under it; <c>null</c>: the model itself names it.</param>
/// <param name="Uses">The types of model that it holds for here, each with the entry that says so.</param>
internal sealed record HeldLicence(string Id, Entry? Of, IReadOnlyList<(string ModelType, Entry? Of)> Uses);

/// <summary>Whose weights a model's server loads: its repository's, and what flags, a Dockerfile or a command name besides.</summary>
internal static class ServedWeights
{
    /// <summary>The model's own licences, and those of the entries that come with the service and have the same weights: whoever says another type of them has both.</summary>
    /// <param name="others">Repositories of further weights that are served with it.</param>
    public static IEnumerable<HeldLicence> LicencesOf(ModelSpec model, IReadOnlyList<string?> others)
    {
        var entries = others.Prepend(model.Repo ?? model.Id).Concat(NamedBy(model)).Distinct(StringComparer.OrdinalIgnoreCase).SelectMany(BuiltInEntries.OfRepo).Distinct();
        return KnownLicences.Of(model).Select(id => (Id: id, model.ModelType, Of: (Entry?)null))
            .Concat(entries.SelectMany(entry => KnownLicences.Of(entry.Spec).Select(id => (Id: id, entry.Spec.ModelType, Of: (Entry?)entry))))
            .GroupBy(licence => licence.Id.Trim(), StringComparer.OrdinalIgnoreCase)
            .Select(group => new HeldLicence(group.First().Id, group.First().Of, [.. group.Select(licence => (licence.ModelType, licence.Of)).DistinctBy(use => use.ModelType)]));
    }

    /// <summary>Names of repositories in arguments and in a Dockerfile of the model's own, comments apart.</summary>
    private static IEnumerable<string> NamedBy(ModelSpec model)
    {
        var texts = (model.Arguments ?? new Dictionary<string, JsonElement>()).Values.SelectMany(Texts);
        var lines = model.Dockerfile?.Split('\n').Where(line => !line.AsSpan().TrimStart().StartsWith("#")) ?? [];
        return texts.Concat(lines).SelectMany(NamedIn);
    }

    /// <summary>Whatever looks like <c>owner/name</c>: in a list, behind an equals sign, in an address, as a folder of the hub's cache.</summary>
    public static IEnumerable<string> NamedIn(string text)
    {
        for (var (start, end) = (0, 0); start < text.Length; start = end + 1)
        {
            for (end = start; end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '/' or '-' or '_' or '.'); end++)
            {
            }

            var parts = text[start..end].Replace("--", "/", StringComparison.Ordinal).Split('/');
            for (var i = 1; i < parts.Length; i++)
            {
                if (parts[i - 1].Length > 0 && parts[i].Length > 0)
                {
                    yield return $"{parts[i - 1]}/{parts[i].TrimEnd('.')}";
                }
            }
        }
    }

    /// <summary>All texts of a value; one that is JSON itself is read as that.</summary>
    public static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when InText(value.GetString()!) is { } json => Texts(json),
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(property => Texts(property.Value).Prepend(property.Name)),
        _ => [],
    };

    /// <summary>The mapping or list that a text is; <c>null</c>: it is just a text.</summary>
    public static JsonElement? InText(string text)
    {
        if (text.AsSpan().TrimStart() is not ['{' or '[', ..])
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
