namespace Orrery.Expressions;

/// <summary>A list of values.</summary>
public abstract class ListValue
{
    private protected ListValue()
    {
    }

    public abstract int Count { get; }

    public abstract Value this[int index] { get; }

    /// <summary>Steps that one access takes.</summary>
    internal virtual long AccessCost => 1;

    /// <summary>Whether an access makes the value anew, from the text of a document.</summary>
    internal virtual bool IsDocument => false;
}
