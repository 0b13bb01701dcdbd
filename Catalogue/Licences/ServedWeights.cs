using System.Text.Json;
using Orrery.Catalogue.Entries;

namespace Orrery.Catalogue.Licences;

/// <summary>A licence that holds for what is served, and as what it is used.</summary>
/// <param name="Of">The entry that has the same weights under it; <c>null</c>: the model itself names it.</param>
/// <param name="Uses">The types of model that it holds for here, each with the entry that says so.</param>
internal sealed record HeldLicence(string Id, Entry? Of, IReadOnlyList<(string ModelType, Entry? Of)> Uses);

/// <summary>Whose weights a model's server loads: its repository's, and what flags, a Dockerfile or a command name besides.</summary>
internal static class ServedWeights
{
    /// <summary>Flags that name weights, or what reads them, beside the model's own.</summary>
    private static readonly string[] OfWeights =
    [
        "--tokenizer", "--tokenizer-path", "--tokenizer-config-path", "--custom-tokenizer", "--hf-config-path", "--generation-config", "--speculative-draft-model-path", "--speculative-token-map",
        "--speculative-config", "--speculative-config.model",
    ];

    private static readonly string[] OfAdapters = ["--lora-modules", "--lora-paths", "--lora-adapters", "--default-mm-loras"];

    public static bool IsOfWeights(string flag) => OfWeights.Contains(flag.Replace('_', '-'));

    public static bool IsOfAdapters(string flag) => OfAdapters.Contains(flag.Replace('_', '-'));

    /// <summary>The model's own licences, and those of the entries that come with the service and have the same weights: whoever says another type of them has both.</summary>
    public static IEnumerable<HeldLicence> LicencesOf(StartedModel started)
    {
        var model = started.Model;
        var entries = started.Weights.Prepend(model.Repo ?? model.Id).OfType<string>().Concat(TextsOf(started)).SelectMany(NamedIn).Distinct(StringComparer.OrdinalIgnoreCase).SelectMany(BuiltInEntries.OfRepo).Distinct();
        return KnownLicences.Of(model).Select(id => (Id: id, model.ModelType, Of: (Entry?)null))
            .Concat(entries.SelectMany(entry => KnownLicences.Of(entry.Spec).Select(id => (Id: id, entry.Spec.ModelType, Of: (Entry?)entry))))
            .GroupBy(licence => licence.Id.Trim(), StringComparer.OrdinalIgnoreCase)
            .Select(group => new HeldLicence(group.First().Id, group.First().Of, [.. group.Select(licence => (licence.ModelType, licence.Of)).DistinctBy(use => use.ModelType)]));
    }

    /// <summary>All in which a repository may be named: values of flags and of variables, a command, a Dockerfile of the model's own and the files beside it.</summary>
    private static IEnumerable<string> TextsOf(StartedModel started) =>
    [
        .. (started.Model.Arguments ?? new Dictionary<string, JsonElement>()).Values.SelectMany(Texts), .. started.Model.Environment?.Values ?? [],
        .. started.Command, .. started.Command.Select(PlainText.Of),
        .. started.Model.Dockerfile is { } file ? PlainText.OfDockerfile(file).Split('\n') : [], .. (started.Model.Files?.Values ?? []).Select(PlainText.Of),
    ];

    /// <summary>Whatever looks like <c>owner/name</c>: in a list, behind an equals sign, in an address, as a folder of the hub's cache.</summary>
    public static IEnumerable<string> NamedIn(string text)
    {
        text = text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text;
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
