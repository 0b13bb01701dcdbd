using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>Applies what changed to what was there. Pure. What did not change stays the same object in the same place, and a list of which nothing did is the same list.</summary>
internal static class SnapshotMerge
{
    public static SnapshotDocument Apply(SnapshotDocument document, SnapshotDelta delta) => document with
    {
        Revision = delta.Revision,
        Models = Merge(document.Models, delta.Models, delta.Removed, "model/", static model => model.Id, static model => model.Identity),
        Providers = Merge(document.Providers, delta.Providers, delta.Removed, "provider/", static provider => provider.Name, static provider => provider.Identity),
        Keys = Merge(document.Keys, delta.Keys, delta.Removed, "key/", static key => key.Name, static key => key.Identity),
        Routes = Merge(document.Routes, delta.Routes, delta.Removed, "route/", static route => route.Name, static route => route.Identity),
        Teams = Merge(document.Teams, delta.Teams, delta.Removed, "team/", static team => team.Name, static team => team.Identity),
    };

    /// <param name="kind">What the identities of this list begin with.</param>
    /// <param name="name">What they end with. Held against all entries, of which there may be many, so that identities need not be put together for them.</param>
    private static IReadOnlyList<T> Merge<T>(
        IReadOnlyList<T> old, IReadOnlyList<T> changed, IReadOnlyList<string> removed, string kind, Func<T, string> name, Func<T, string> identity)
        where T : class
    {
        var touched = new Dictionary<string, T?>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in changed)
        {
            touched[identity(entry)] = entry;
            names.Add(name(entry));
        }

        foreach (var gone in removed)
        {
            if (gone.StartsWith(kind, StringComparison.Ordinal))
            {
                touched.TryAdd(gone, null);
                names.Add(gone[(gone.IndexOf('/', kind.Length) + 1)..]); // Namespaces hold no slash; ids of models do.
            }
        }

        if (touched.Count == 0)
        {
            return old;
        }

        var merged = new List<T>(old.Count + changed.Count);
        foreach (var entry in old)
        {
            if (!names.Contains(name(entry)) || !touched.Remove(identity(entry), out var now))
            {
                merged.Add(entry);
            }
            else if (now is not null)
            {
                merged.Add(now);
            }
        }

        merged.AddRange(changed.Where(entry => touched.ContainsKey(identity(entry))));
        return merged;
    }
}
