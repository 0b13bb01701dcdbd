using Orrery.Catalogue.Compilation;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>The names of a namespace that a route may lead to.</summary>
internal sealed class RouteNames
{
    private readonly HashSet<string> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byProvider = new(StringComparer.Ordinal);

    public static RouteNames Of(IEnumerable<StoredResource> models, IEnumerable<StoredResource> providers)
    {
        var names = new RouteNames();
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var spec in models.Select(model => (ModelSpec)model.Spec))
        {
            names._models.UnionWith([spec.Id, .. spec.Aliases ?? []]);
            foreach (var alias in spec.Aliases ?? [])
            {
                ids.TryAdd(alias, spec.Id);
            }
        }

        foreach (var provider in providers)
        {
            var spec = (ModelProviderSpec)provider.Spec;
            var own = SnapshotCompiler.Offered(spec).Select(model => model.Id).ToHashSet(StringComparer.Ordinal);
            own.UnionWith(ids.Where(pair => own.Contains(pair.Value)).Select(pair => pair.Key).ToList());
            names._byProvider[provider.Metadata.Name] = own;
            foreach (var alias in spec.Aliases ?? [])
            {
                names._byProvider.TryAdd(alias, own);
            }

            names._models.UnionWith(own);
        }

        return names;
    }

    /// <summary>Every name that a route holds, with its place in the document.</summary>
    public static IEnumerable<(string Path, string Name, bool IsFallback)> In(RouteSpec route)
    {
        if (route.Target is { } target)
        {
            yield return ("spec.target", target, false);
        }

        for (var i = 0; i < route.Targets?.Count; i++)
        {
            yield return ($"spec.targets[{i}].model", route.Targets[i].Model, false);
        }

        for (var i = 0; i < route.Fallback?.Count; i++)
        {
            yield return ($"spec.fallback[{i}]", route.Fallback[i], true);
        }
    }

    public bool Has(string name, bool isFallback) =>
        _models.Contains(name) || HasAtProvider(name, '/') || HasAtProvider(name, ':') || (isFallback && _byProvider.ContainsKey(name));

    /// <summary>Every name that <see cref="Has"/> takes.</summary>
    public IEnumerable<string> All(bool isFallback) =>
        _models.Concat(_byProvider.SelectMany(provider => provider.Value.Select(model => $"{provider.Key}/{model}"))).Concat(isFallback ? _byProvider.Keys : []);

    public IEnumerable<string> Providers => _byProvider.Keys;

    public bool HasProvider(string name) => _byProvider.ContainsKey(name);

    private bool HasAtProvider(string name, char separator)
    {
        var place = name.IndexOf(separator, StringComparison.Ordinal);
        return place > 0 && _byProvider.TryGetValue(name[..place], out var offered) && offered.Contains(name[(place + 1)..]);
    }
}
