using System.Text.Json;

namespace Orrery.Expressions.Values;

/// <summary>Walks the elements of a list or the keys of a map; JSON is walked where it lies.</summary>
internal struct RangeCursor
{
    private readonly ListValue? _list;
    private readonly bool _isArray;
    private JsonElement.ArrayEnumerator _array;
    private JsonElement.ObjectEnumerator _properties;
    private int _next;

    public RangeCursor(ListValue list)
    {
        if (list is JsonList json)
        {
            (_isArray, _array) = (true, json.Element.EnumerateArray());
        }
        else
        {
            _list = list;
        }

        (Count, IsDocument) = (list.Count, list.IsDocument);
    }

    public RangeCursor(MapValue map)
    {
        if (map is JsonMap json)
        {
            _properties = json.Element.EnumerateObject();
        }
        else
        {
            _list = new ArrayList(((EntryMap)map).KeyArray);
        }

        (Count, IsDocument) = (map.Count, map.IsDocument);
    }

    public int Count { get; }

    /// <summary>Whether the values are made anew from the text of a document.</summary>
    public bool IsDocument { get; }

    public bool TryNext(out Value value)
    {
        if (_list is not null)
        {
            var isThere = _next < Count;
            value = isThere ? _list[_next++] : default;
            return isThere;
        }

        if (_isArray)
        {
            var isThere = _array.MoveNext();
            value = isThere ? JsonValues.Of(_array.Current) : default;
            return isThere;
        }

        var isProperty = _properties.MoveNext();
        value = isProperty ? JsonMap.Key(_properties.Current) : default;
        return isProperty;
    }
}
