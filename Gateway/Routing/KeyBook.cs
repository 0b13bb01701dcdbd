using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Orrery.Gateway.Routing;

/// <summary>The health of every key of providers that have several, so that it outlives the snapshot. A replaced key is another and starts well.</summary>
internal sealed class KeyBook
{
    private readonly ConcurrentDictionary<(KeyName Name, string Digest), KeyHealth> _keys = new();
    private readonly KeyJournal _journal;
    private readonly TimeProvider _time;

    public KeyBook(KeyJournal journal, TimeProvider time)
    {
        (_journal, _time) = (journal, time);
        journal.Observe(() => _keys.Values);
    }

    public KeyHealth Get(KeyName name, string value) =>
        _keys.GetOrAdd((name, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value)))), static (key, book) => new KeyHealth(key.Name, book._journal, book._time), this);

    /// <summary>Forgets the keys that no provider has any more.</summary>
    public void Keep(IEnumerable<KeyHealth> used)
    {
        var kept = used.ToHashSet();
        foreach (var (key, health) in _keys)
        {
            if (!kept.Contains(health))
            {
                _keys.TryRemove(key, out _);
            }
        }
    }
}
