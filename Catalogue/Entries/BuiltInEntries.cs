using System.Collections.Frozen;
using System.Text;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Exchange;

namespace Orrery.Catalogue.Entries;

/// <summary>The entries that come with the service: files of <c>Entries/</c>, one a model, read-only.</summary>
internal static class BuiltInEntries
{
    private const string Folder = "Entries";

    private static readonly Lazy<IReadOnlyList<Entry>> Entries = new(() => [.. EmbeddedYaml.In(Folder).Select(Read)]);

    private static readonly Lazy<FrozenDictionary<string, Entry>> ById = new(() => Entries.Value.ToFrozenDictionary(entry => entry.Id));

    private static readonly Lazy<ILookup<string, Entry>> ByRepo = new(() => Entries.Value.Where(entry => entry.Spec.Repo is not null).ToLookup(entry => entry.Spec.Repo!, StringComparer.OrdinalIgnoreCase));

    private static readonly Lazy<FrozenDictionary<string, Entry>> ByName = new(() => Entries.Value.Select(entry => (Name: entry.Id, Entry: entry))
        .Concat(Entries.Value.SelectMany(entry => (entry.Spec.Aliases ?? []).Select(alias => (Name: alias, Entry: entry))))
        .DistinctBy(pair => pair.Name, StringComparer.OrdinalIgnoreCase).ToFrozenDictionary(pair => pair.Name, pair => pair.Entry, StringComparer.OrdinalIgnoreCase));

    public static IReadOnlyList<Entry> All => Entries.Value;

    public static Entry? Find(string id) => ById.Value.GetValueOrDefault(id);

    /// <summary>By its id, or by an alias, in any case: nobody tells two models apart by that.</summary>
    public static Entry? FindNamed(string name) => ByName.Value.GetValueOrDefault(name);

    /// <summary>Those whose weights are in this repository; the hub knows names in any case.</summary>
    public static IEnumerable<Entry> OfRepo(string? repo) => repo is null ? [] : ByRepo.Value[repo];

    /// <summary>The files as they are.</summary>
    public static IEnumerable<(string Path, string Text)> Texts() => EmbeddedYaml.In(Folder).Select(path => (path, EmbeddedYaml.Text(path)));

    private static Entry Read(string path)
    {
        var errors = new FieldErrorList();
        var entry = ModelExchange.Read(Encoding.UTF8.GetBytes(EmbeddedYaml.Text(path)), errors, path).SingleOrDefault();
        return entry is not null && !errors.Any
            ? entry with { IsBuiltIn = true, PlaceOf = null, NameOf = null }
            : throw new InvalidOperationException($"{path}: {errors.All[0].Path}: expected {errors.All[0].Expectation}");
    }
}
