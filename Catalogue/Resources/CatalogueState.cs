using System.Collections.Immutable;
using Orrery.Catalogue.Compilation;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>Everything declared at one revision, and what a gateway makes of it. Immutable: a change makes the next one.</summary>
internal sealed class CatalogueState
{
    public static readonly CatalogueState Empty = new(
        0,
        ImmutableSortedDictionary.Create<string, ImmutableDictionary<ResourceKey, StoredResource>>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, NamespaceSnapshot>(StringComparer.Ordinal),
        ImmutableDictionary<string, SnapshotKey>.Empty);

    // The compiler makes a key's entry once, so two entries are the same key only when they are the same object.
    private static readonly IEqualityComparer<SnapshotKey> SameKey =
        EqualityComparer<SnapshotKey>.Create(ReferenceEquals, System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode);

    private readonly ImmutableSortedDictionary<string, ImmutableDictionary<ResourceKey, StoredResource>> _namespaces;
    private readonly ImmutableSortedDictionary<string, NamespaceSnapshot> _compiled;
    private readonly ImmutableDictionary<string, SnapshotKey> _keys;
    private readonly Lazy<SnapshotDocument> _snapshot;

    private CatalogueState(
        long revision,
        ImmutableSortedDictionary<string, ImmutableDictionary<ResourceKey, StoredResource>> namespaces,
        ImmutableSortedDictionary<string, NamespaceSnapshot> compiled,
        ImmutableDictionary<string, SnapshotKey> keys)
    {
        (Revision, _namespaces, _compiled, _keys) = (revision, namespaces, compiled, keys);
        _snapshot = new Lazy<SnapshotDocument>(() => SnapshotCompiler.Assemble(Revision, _compiled.Values));
    }

    public long Revision { get; }

    public SnapshotDocument Snapshot => _snapshot.Value;

    public IEnumerable<StoredResource> All => _namespaces.Values.SelectMany(resources => resources.Values);

    public static CatalogueState Load(long revision, IEnumerable<StoredResource> resources)
    {
        var namespaces = resources
            .GroupBy(resource => resource.Metadata.Namespace, StringComparer.Ordinal)
            .ToImmutableSortedDictionary(group => group.Key, group => group.ToImmutableDictionary(resource => resource.Key), StringComparer.Ordinal);
        var compiled = namespaces.ToImmutableSortedDictionary(pair => pair.Key, pair => SnapshotCompiler.Compile(pair.Key, pair.Value.Values), StringComparer.Ordinal);
        var keys = compiled.Values.SelectMany(part => part.Keys).ToImmutableDictionary(key => key.Sha256);
        return new CatalogueState(revision, namespaces, compiled, keys);
    }

    public StoredResource? Find(ResourceKey key) => In(key.Namespace).GetValueOrDefault(key);

    public IReadOnlyDictionary<ResourceKey, StoredResource> Namespace(string @namespace) => In(@namespace);

    /// <summary>The models of a namespace as gateways see them.</summary>
    public IReadOnlyList<SnapshotModel> Models(string @namespace) => _compiled.GetValueOrDefault(@namespace)?.Models ?? [];

    public IReadOnlyList<SnapshotProvider> Providers(string @namespace) => _compiled.GetValueOrDefault(@namespace)?.Providers ?? [];

    /// <summary>The access key with this token hash, if it is in force.</summary>
    public SnapshotKey? FindKey(string sha256) => _keys.GetValueOrDefault(sha256);

    /// <summary>The state after <paramref name="changes"/>, which are one revision's, and what a gateway must change.</summary>
    public (CatalogueState Next, SnapshotDelta Delta) Advance(long revision, IReadOnlyCollection<ResourceChange> changes)
    {
        var (namespaces, compiled, keys) = (_namespaces, _compiled, _keys);
        var delta = new SnapshotDelta { From = Revision, Revision = revision };
        foreach (var group in changes.GroupBy(change => change.Resource.Metadata.Namespace, StringComparer.Ordinal))
        {
            var resources = group.Aggregate(
                In(group.Key), (all, change) => change.IsDeletion ? all.Remove(change.Resource.Key) : all.SetItem(change.Resource.Key, change.Resource));
            var before = compiled.GetValueOrDefault(group.Key) ?? NamespaceSnapshot.Empty;
            var after = SnapshotCompiler.Compile(group.Key, resources.Values);
            delta = SnapshotDiff.Append(delta, before, after);
            keys = keys
                .RemoveRange(before.Keys.Except(after.Keys, SameKey).Select(key => key.Sha256))
                .SetItems(after.Keys.Except(before.Keys, SameKey).Select(key => KeyValuePair.Create(key.Sha256, key)));
            (namespaces, compiled) = (namespaces.SetItem(group.Key, resources), compiled.SetItem(group.Key, after));
        }

        return (new CatalogueState(revision, namespaces, compiled, keys), delta);
    }

    private ImmutableDictionary<ResourceKey, StoredResource> In(string @namespace) =>
        _namespaces.GetValueOrDefault(@namespace) ?? ImmutableDictionary<ResourceKey, StoredResource>.Empty;
}
