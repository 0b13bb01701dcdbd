namespace Orrery.Expressions.Values;

internal sealed class ArrayList(Value[] items) : ListValue
{
    public Value[] Array => items;

    public override int Count => items.Length;

    public override Value this[int index] => items[index];
}
