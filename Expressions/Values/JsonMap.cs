using System.Text.Json;

namespace Orrery.Expressions.Values;

internal sealed class JsonMap(JsonElement element) : MapValue
{
    public JsonElement Element => element;

    public override int Count => element.GetPropertyCount();

    public override IEnumerable<Value> Keys => element.EnumerateObject().Select(Key);

    /// <summary>Properties are walked.</summary>
    internal override long AccessCost => 1 + (Count >> 2);

    internal override bool IsDocument => true;

    public static Value Key(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return JsonValues.NotUnicode();
        }
    }

    public override bool TryGet(Value key, out Value value)
    {
        if (key.IsString)
        {
            return TryGet(key.String, out value);
        }

        value = default;
        return false;
    }

    /// <summary>Without taking the value out.</summary>
    internal override bool Has(in Value key)
    {
        try
        {
            return key.IsString && element.TryGetProperty(key.String, out _);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private bool TryGet(string key, out Value value)
    {
        try
        {
            if (element.TryGetProperty(key, out var found))
            {
                value = JsonValues.Of(found);
                return true;
            }

            value = default;
            return false;
        }
        catch (InvalidOperationException)
        {
            value = JsonValues.NotUnicode();
            return true;
        }
    }
}
