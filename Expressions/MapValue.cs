namespace Orrery.Expressions;

/// <summary>A map whose keys are strings, integers or booleans.</summary>
public abstract class MapValue
{
    private protected MapValue()
    {
    }

    public abstract int Count { get; }

    /// <summary>The keys in the order of the document or of the expression that made the map.</summary>
    public abstract IEnumerable<Value> Keys { get; }

    /// <summary>Steps that one access takes.</summary>
    internal virtual long AccessCost => 1;

    /// <summary>Whether an access makes the value anew, from the text of a document.</summary>
    internal virtual bool IsDocument => false;

    /// <summary>Numbers find their key across types, as CEL's equality has it.</summary>
    public abstract bool TryGet(Value key, out Value value);

    internal virtual bool Has(in Value key) => TryGet(key, out _);
}
