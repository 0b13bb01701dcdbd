namespace Orrery.Simulator.Timing;

/// <summary>
/// The blocks of the KV cache. A released block keeps its content at the end of the free list and is evicted from the front:
/// least recently used first.
/// </summary>
internal sealed class KvCache
{
    public const int TokensPerBlock = 16;

    private readonly PrefixCache? _prefixes;
    private readonly int[] _references;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _ends;

    public KvCache(int capacity, bool prefixCaching)
    {
        Capacity = capacity;
        _prefixes = prefixCaching ? new PrefixCache(capacity) : null;
        _references = new int[capacity];
        _next = new int[capacity + 1];
        _previous = new int[capacity + 1];

        // The free list is a ring through one extra node, so that no link is ever missing.
        _ends = capacity;
        _next[_ends] = _previous[_ends] = _ends;
        for (var block = 0; block < capacity; block++)
        {
            Append(block);
        }
    }

    public int Capacity { get; }

    public int Free { get; private set; }

    public int Used => Capacity - Free;

    public static int BlocksFor(int tokens) => (tokens + TokensPerBlock - 1) / TokensPerBlock;

    /// <summary>Counts the leading blocks of <paramref name="hashes"/> that are held, and how many of them nobody uses at present.</summary>
    public (int Hits, int Idle) Match(ReadOnlySpan<ulong> hashes)
    {
        var (hits, idle) = (0, 0);
        while (_prefixes is not null && hits < hashes.Length && _prefixes.TryFind(hashes[hits], out var block))
        {
            hits++;
            idle += _references[block] == 0 ? 1 : 0;
        }

        return (hits, idle);
    }

    /// <summary>Takes a share in the blocks that <see cref="Match"/> counted.</summary>
    public void Share(ReadOnlySpan<ulong> hashes, List<int> blocks)
    {
        foreach (var hash in hashes)
        {
            if (_prefixes is not null && _prefixes.TryFind(hash, out var block))
            {
                if (_references[block]++ == 0)
                {
                    Remove(block);
                }

                blocks.Add(block);
            }
        }
    }

    public bool TryTake(int count, List<int> blocks)
    {
        if (count > Free)
        {
            return false;
        }

        for (; count > 0; count--)
        {
            var block = _next[_ends];
            Remove(block);
            _prefixes?.Forget(block);
            _references[block] = 1;
            blocks.Add(block);
        }

        return true;
    }

    public void Remember(int block, ulong hash) => _prefixes?.Remember(block, hash);

    /// <summary>Gives blocks back, the last one first: a prefix is worth more the shorter it is.</summary>
    public void Release(List<int> blocks)
    {
        for (var i = blocks.Count - 1; i >= 0; i--)
        {
            if (--_references[blocks[i]] == 0)
            {
                Append(blocks[i]);
            }
        }

        blocks.Clear();
    }

    private void Append(int block)
    {
        var last = _previous[_ends];
        (_next[last], _previous[block], _next[block], _previous[_ends]) = (block, last, _ends, block);
        Free++;
    }

    private void Remove(int block)
    {
        (_next[_previous[block]], _previous[_next[block]]) = (_next[block], _previous[block]);
        Free--;
    }
}
