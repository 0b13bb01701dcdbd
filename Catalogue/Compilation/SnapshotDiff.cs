using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orrery.Contracts;

namespace Orrery.Catalogue.Compilation;

/// <summary>What must change to come from one compiled namespace to the next.</summary>
internal static class SnapshotDiff
{
    public static SnapshotDelta Append(SnapshotDelta delta, NamespaceSnapshot before, NamespaceSnapshot after)
    {
        var models = Changed(before.Models, after.Models, model => model.Identity, ContractsJson.Default.SnapshotModel);
        var providers = Changed(before.Providers, after.Providers, provider => provider.Identity, ContractsJson.Default.SnapshotProvider);
        var keys = Changed(before.Keys, after.Keys, key => key.Identity, ContractsJson.Default.SnapshotKey);
        var routes = Changed(before.Routes, after.Routes, route => route.Identity, ContractsJson.Default.SnapshotRoute);
        var teams = Changed(before.Teams, after.Teams, team => team.Identity, ContractsJson.Default.SnapshotTeam);
        return delta with
        {
            Models = [.. delta.Models, .. models.Changed],
            Providers = [.. delta.Providers, .. providers.Changed],
            Keys = [.. delta.Keys, .. keys.Changed],
            Routes = [.. delta.Routes, .. routes.Changed],
            Teams = [.. delta.Teams, .. teams.Changed],
            Removed = [.. delta.Removed, .. models.Removed, .. providers.Removed, .. keys.Removed, .. routes.Removed, .. teams.Removed],
        };
    }

    private static (List<T> Changed, List<string> Removed) Changed<T>(IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, string> identity, JsonTypeInfo<T> type)
    {
        var known = before.ToDictionary(identity, StringComparer.Ordinal);
        var changed = new List<T>();
        foreach (var entry in after)
        {
            if (!known.Remove(identity(entry), out var previous) || !Same(previous, entry, type))
            {
                changed.Add(entry);
            }
        }

        return (changed, [.. known.Keys]);
    }

    // Records compare their lists by reference, so what travels is compared instead.
    private static bool Same<T>(T a, T b, JsonTypeInfo<T> type) =>
        ReferenceEquals(a, b) || JsonSerializer.SerializeToUtf8Bytes(a, type).AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(b, type));
}
