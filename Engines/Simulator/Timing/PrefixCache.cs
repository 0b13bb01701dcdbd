namespace Orrery.Simulator.Timing;

/// <summary>Which block holds which content: a block's hash covers its 16 tokens and everything before them.</summary>
internal sealed class PrefixCache(int blocks)
{
    private readonly Dictionary<ulong, int> _blockOf = [];
    private readonly ulong?[] _hashOf = new ulong?[blocks];

    public bool TryFind(ulong hash, out int block) => _blockOf.TryGetValue(hash, out block);

    /// <summary>A second block with the same content stays unknown: the first one serves.</summary>
    public void Remember(int block, ulong hash)
    {
        if (_hashOf[block] is null && _blockOf.TryAdd(hash, block))
        {
            _hashOf[block] = hash;
        }
    }

    public void Forget(int block)
    {
        if (_hashOf[block] is { } hash)
        {
            _blockOf.Remove(hash);
            _hashOf[block] = null;
        }
    }
}
