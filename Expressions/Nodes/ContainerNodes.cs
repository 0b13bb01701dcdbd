using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

internal sealed class ListNode(int offset, ExpressionType type, Node[] items) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame)
    {
        if (!frame.Make(items.Length))
        {
            return Stop(ref frame);
        }

        var values = new Value[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            values[i] = items[i].Evaluate(ref frame);
            if (values[i].IsFault)
            {
                return values[i];
            }
        }

        return Value.List(new ArrayList(values));
    }
}

internal sealed class MapNode(int offset, ExpressionType type, Node[] keys, Node[] values) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame)
    {
        if (!frame.Make(2L * keys.Length))
        {
            return Stop(ref frame);
        }

        var (made, given) = (new Value[keys.Length], new Value[keys.Length]);
        for (var i = 0; i < keys.Length; i++)
        {
            made[i] = keys[i].Evaluate(ref frame);
            if (!MapKeys.IsKey(made[i]))
            {
                return made[i].IsFault ? made[i] : keys[i].Fail(EvaluationErrorKind.WrongType, "a key is a string, an int or a bool, not", made[i].Type);
            }

            given[i] = values[i].Evaluate(ref frame);
            if (given[i].IsFault)
            {
                return given[i];
            }
        }

        return EntryMap.TryMake(made, given, out var map, out var duplicate) ? Value.Map(map!)
            : keys[duplicate].Fail(EvaluationErrorKind.InvalidArgument, "the map has this key twice");
    }
}
