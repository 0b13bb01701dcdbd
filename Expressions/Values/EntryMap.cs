namespace Orrery.Expressions.Values;

/// <summary>A map that an expression or the program made: arrays, and an index where a walk would be long.</summary>
internal sealed class EntryMap : MapValue
{
    private const int Walked = 8;
    private readonly Value[] _keys;
    private readonly Value[] _values;
    private readonly Dictionary<Value, int>? _index;

    private EntryMap(Value[] keys, Value[] values, Dictionary<Value, int>? index)
    {
        _keys = keys;
        _values = values;
        _index = index;
    }

    public override int Count => _keys.Length;

    public override IEnumerable<Value> Keys => _keys;

    public Value[] KeyArray => _keys;

    public Value[] ValueArray => _values;

    public static EntryMap Of(IEnumerable<KeyValuePair<string, Value>> entries)
    {
        var last = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var (key, value) in entries)
        {
            last[key] = value;
        }

        TryMake([.. last.Keys.Select(key => (Value)key)], [.. last.Values], out var map, out _);
        return map!;
    }

    /// <summary>False when two keys are equal; <paramref name="duplicate"/> is the place of the second.</summary>
    public static bool TryMake(Value[] keys, Value[] values, out EntryMap? map, out int duplicate)
    {
        (map, duplicate) = (null, -1);
        Dictionary<Value, int>? index = null;
        if (keys.Length > Walked)
        {
            index = new Dictionary<Value, int>(keys.Length, MapKeys.Comparer);
            for (var i = 0; i < keys.Length; i++)
            {
                if (!index.TryAdd(keys[i], i))
                {
                    duplicate = i;
                    return false;
                }
            }
        }
        else
        {
            for (var i = 1; i < keys.Length; i++)
            {
                if (MapKeys.Find(keys.AsSpan(0, i), keys[i]) >= 0)
                {
                    duplicate = i;
                    return false;
                }
            }
        }

        map = new EntryMap(keys, values, index);
        return true;
    }

    public override bool TryGet(Value key, out Value value)
    {
        var place = -1;
        if (MapKeys.TryNormalize(ref key))
        {
            place = _index is null ? MapKeys.Find(_keys, key) : _index.GetValueOrDefault(key, -1);
        }

        value = place < 0 ? default : _values[place];
        return place >= 0;
    }
}
