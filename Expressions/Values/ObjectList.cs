namespace Orrery.Expressions.Values;

internal sealed class ObjectList<T>(ObjectType<T> type, IReadOnlyList<T> instances) : ListValue
    where T : class
{
    public override int Count => instances.Count;

    public override Value this[int index] => type.Of(instances[index]);
}
