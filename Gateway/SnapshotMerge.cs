using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>Applies what changed to what was there. Pure.</summary>
internal static class SnapshotMerge
{
    public static SnapshotDocument Apply(SnapshotDocument document, SnapshotDelta delta)
    {
        var removed = delta.Removed.ToHashSet(StringComparer.Ordinal);
        return document with
        {
            Revision = delta.Revision,
            Models = Merge(document.Models, delta.Models, removed, static model => model.Identity),
            Providers = Merge(document.Providers, delta.Providers, removed, static provider => provider.Identity),
            Keys = Merge(document.Keys, delta.Keys, removed, static key => key.Identity),
            Routes = Merge(document.Routes, delta.Routes, removed, static route => route.Identity),
            Teams = Merge(document.Teams, delta.Teams, removed, static team => team.Identity),
        };
    }

    private static IReadOnlyList<T> Merge<T>(IReadOnlyList<T> old, IReadOnlyList<T> changed, HashSet<string> removed, Func<T, string> identity)
    {
        var touched = changed.Select(identity).ToHashSet(StringComparer.Ordinal);
        touched.UnionWith(removed);
        return [.. old.Where(entry => !touched.Contains(identity(entry))), .. changed];
    }
}
