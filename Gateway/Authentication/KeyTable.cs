using System.Diagnostics.CodeAnalysis;
using Orrery.Contracts;

namespace Orrery.Gateway.Authentication;

/// <summary>Access keys by the hash of their token. Immutable, and cut into so many small tables that a change copies one of them and not a hundred thousand entries.</summary>
internal sealed class KeyTable
{
    private const int ShardBits = 10;

    private readonly Dictionary<KeyHash, SnapshotKey>[] _shards;
    private readonly bool _hasDoubles;

    private KeyTable(Dictionary<KeyHash, SnapshotKey>[] shards, bool hasDoubles) => (_shards, _hasDoubles) = (shards, hasDoubles);

    public IEnumerable<KeyHash> Hashes => _shards.SelectMany(shard => shard.Keys);

    /// <summary>Of several keys with the same token the first is taken.</summary>
    public static KeyTable Of(IReadOnlyList<SnapshotKey> keys)
    {
        var shards = new Dictionary<KeyHash, SnapshotKey>[1 << ShardBits];
        for (var i = 0; i < shards.Length; i++)
        {
            shards[i] = [];
        }

        var hasDoubles = false;
        foreach (var key in keys)
        {
            var hash = KeyHash.Parse(key.Sha256);
            hasDoubles |= !shards[ShardOf(hash)].TryAdd(hash, key);
        }

        return new KeyTable(shards, hasDoubles);
    }

    /// <summary>This table with <paramref name="now"/> in it, where <paramref name="before"/> is what it was made from. Costs as much as differs.</summary>
    public KeyTable Follow(IReadOnlyList<SnapshotKey> before, IReadOnlyList<SnapshotKey> now)
    {
        if (ReferenceEquals(before, now))
        {
            return this;
        }

        // Whose place a removed double leaves to whom, only the whole list says.
        if (_hasDoubles || !TryCompare(before, now, out var gone, out var come))
        {
            return Of(now);
        }

        var shards = _shards.ToArray();
        var (own, hasDoubles) = (new HashSet<int>(), false);
        foreach (var key in gone)
        {
            var hash = KeyHash.Parse(key.Sha256);
            Own(shards, own, hash).Remove(hash);
        }

        foreach (var key in come)
        {
            var hash = KeyHash.Parse(key.Sha256);
            hasDoubles |= !Own(shards, own, hash).TryAdd(hash, key);
        }

        return hasDoubles ? Of(now) : new KeyTable(shards, hasDoubles: false);
    }

    public bool TryGetValue(in KeyHash hash, [MaybeNullWhen(false)] out SnapshotKey key) => _shards[ShardOf(hash)].TryGetValue(hash, out key);

    /// <summary>What one list has and the other has not, by reference: <see cref="SnapshotMerge"/> leaves in its place what did not change.</summary>
    /// <returns><c>false</c>: too much to be worth a list.</returns>
    private static bool TryCompare(IReadOnlyList<SnapshotKey> before, IReadOnlyList<SnapshotKey> now, out List<SnapshotKey> gone, out List<SnapshotKey> come)
    {
        (gone, come) = ([], []);
        var (next, most) = (0, before.Count / 4);
        for (var i = 0; i < before.Count && gone.Count <= most; i++)
        {
            var key = before[i];
            if (next < now.Count && ReferenceEquals(key, now[next]))
            {
                next++;
                continue;
            }

            gone.Add(key);
            if (next < now.Count && now[next].Name == key.Name && now[next].Namespace == key.Namespace)
            {
                come.Add(now[next++]);
            }
        }

        for (; next < now.Count && come.Count <= most; next++)
        {
            come.Add(now[next]);
        }

        return gone.Count <= most && come.Count <= most;
    }

    private static Dictionary<KeyHash, SnapshotKey> Own(Dictionary<KeyHash, SnapshotKey>[] shards, HashSet<int> own, in KeyHash hash)
    {
        ref var shard = ref shards[ShardOf(hash)];
        return own.Add(ShardOf(hash)) ? shard = new Dictionary<KeyHash, SnapshotKey>(shard) : shard;
    }

    private static int ShardOf(in KeyHash hash) => (int)(hash.B >> (64 - ShardBits));
}
