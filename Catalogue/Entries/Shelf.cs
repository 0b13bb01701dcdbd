using System.Collections.Concurrent;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Resources;
using Orrery.Catalogue.Search;
using Orrery.Contracts;

namespace Orrery.Catalogue.Entries;

/// <summary>The models that a namespace sees: those that come with the service, its own Models, and what its providers serve besides.</summary>
internal sealed class Shelf(LiveState live)
{
    private readonly ConcurrentDictionary<string, Indexed> _indexes = new(StringComparer.Ordinal);
    private readonly Lock _changing = new();

    /// <summary>As it is now. Made anew only when the namespace's models are others, and once for all who wait for it.</summary>
    public EntryIndex Of(string @namespace)
    {
        var state = live.State;
        var models = state.Namespace(@namespace).Values.Where(resource => resource is { Spec: ModelSpec, IsGoing: false })
            .OrderBy(resource => resource.Metadata.Name, StringComparer.Ordinal).ToList();
        var engines = state.Providers(@namespace).ToDictionary(provider => provider.Name, provider => provider.Engine, StringComparer.Ordinal);
        var served = state.Models(@namespace).Where(model => model.Offers.Count > 0).Select(model => new Served(model.Id, model.ModelType, string.Join(' ', model.Offers.Select(offer => engines[offer.Provider]).Distinct()))).ToList();
        Indexed found;
        lock (_changing)
        {
            if (!_indexes.TryGetValue(@namespace, out var known) || !known.Models.SequenceEqual(models, ReferenceEqualityComparer.Instance) || !known.Served.SequenceEqual(served))
            {
                _indexes[@namespace] = known = new Indexed(models, served, new Lazy<EntryIndex>(() => new EntryIndex(EntriesOf(models, served))));
            }

            found = known;
        }

        return found.Index.Value;
    }

    /// <summary>A Model with a built-in entry's id says how that one is governed here (aliases, limits); what it is stays as it comes.</summary>
    private static List<Entry> EntriesOf(List<StoredResource> models, List<Served> served)
    {
        var own = models.Select(resource => new Entry((ModelSpec)resource.Spec, resource.Key.ToString())).DistinctBy(entry => entry.Id).ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        var entries = BuiltInEntries.All
            .Select(entry => own.TryGetValue(entry.Id, out var governed) ? entry.As(Governed(entry.Spec, governed.Spec)) : entry)
            .ToList();
        entries.AddRange(own.Values.Where(entry => BuiltInEntries.Find(entry.Id) is null));
        var ids = entries.Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        entries.AddRange(served.Where(model => ids.Add(model.Id)).Select(model => new Entry(new ModelSpec { Id = model.Id, ModelType = model.ModelType }, "its provider")));
        var by = served.Where(model => model.Engines.Length > 0).ToDictionary(model => model.Id, model => model.Engines.Split(' '), StringComparer.Ordinal);
        return [.. entries.Select(entry => by.TryGetValue(entry.Id, out var engines) ? entry with { ServedBy = engines } : entry)];
    }

    /// <summary>What fits, is searched and is started follows the window that is given here; more than the model has nobody can give.</summary>
    private static ModelSpec Governed(ModelSpec model, ModelSpec by)
    {
        var window = by.ContextWindow is { } own && !(own > model.ContextWindow) ? own : model.ContextWindow;
        return model with { Aliases = by.Aliases, ContextWindow = window, MaxModelLength = model.MaxModelLength > window ? window : model.MaxModelLength };
    }

    /// <param name="Engines">Of the providers that offer it, apart by blanks: two lists of the same are not equal.</param>
    private sealed record Served(string Id, string ModelType, string Engines);

    private sealed record Indexed(List<StoredResource> Models, List<Served> Served, Lazy<EntryIndex> Index);
}
