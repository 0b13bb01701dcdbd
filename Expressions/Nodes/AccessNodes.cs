using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

/// <summary>A member of an object whose type is declared.</summary>
internal sealed class MemberNode(int offset, Node operand, ObjectType owner, ObjectMember member) : Node(offset, member.Type)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = operand.Evaluate(ref frame);
        return ReferenceEquals(value.Type, owner) ? Members.Get(this, member, value)
            : value.IsFault ? value : Fail(EvaluationErrorKind.NotFound, $"{value.Type} has no member", $"'{member.Name}'");
    }
}

/// <summary>A string key of a map, or a member of an object, that is looked for when it runs.</summary>
internal sealed class SelectNode(int offset, ExpressionType type, Node operand, string name) : Node(offset, type)
{
    private readonly Value _key = name;

    public override Value Evaluate(ref Frame frame)
    {
        var value = operand.Evaluate(ref frame);
        if (value.IsMap)
        {
            return !frame.Spend(value.Entries.AccessCost) ? Stop(ref frame)
                : value.Entries.TryGet(_key, out var found) ? Read(ref frame, found, value.Entries.IsDocument)
                : Fail(EvaluationErrorKind.NotFound, "no such key:", name);
        }

        return value.IsFault ? value
            : value.Type is ObjectType owner && owner.TryGetMember(name, out var member) ? Members.Get(this, member, value)
            : Fail(EvaluationErrorKind.NotFound, $"{value.Type} has no member", $"'{name}'");
    }
}

/// <summary><c>has(operand.name)</c></summary>
internal sealed class HasNode(int offset, Node operand, string name) : Node(offset, ExpressionType.Bool)
{
    private readonly Value _key = name;

    public override Value Evaluate(ref Frame frame)
    {
        var value = operand.Evaluate(ref frame);
        if (value.IsMap)
        {
            return frame.Spend(value.Entries.AccessCost) ? value.Entries.Has(_key) : Stop(ref frame);
        }

        return value.IsFault ? value
            : value.Type is ObjectType owner && owner.TryGetMember(name, out var member) ? !member.Get(value.Instance).IsNull
            : Fail(EvaluationErrorKind.NotFound, $"{value.Type} has no member", $"'{name}'");
    }
}

/// <summary>An element by its place, from the end where negative, or the value of a key.</summary>
internal sealed class IndexNode(int offset, ExpressionType type, Node operand, Node index) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = operand.Evaluate(ref frame);
        if (value.IsFault)
        {
            return value;
        }

        var key = index.Evaluate(ref frame);
        if (key.IsFault)
        {
            return key;
        }

        return value.IsList ? Element(ref frame, value.Items, key)
            : value.IsMap ? Entry(ref frame, value.Entries, key)
            : WrongType("[]", value, key);
    }

    private Value Entry(ref Frame frame, MapValue map, in Value key)
    {
        if (!frame.Spend(map.AccessCost))
        {
            return Stop(ref frame);
        }

        return map.TryGet(key, out var found) ? Read(ref frame, found, map.IsDocument)
            : !MapKeys.IsKey(key) && !key.IsDouble ? WrongType("[]", Value.Map(map), key)
            : index is ConstantNode ? Fail(EvaluationErrorKind.NotFound, "no such key:", key)
            : Fail(EvaluationErrorKind.NotFound, "no such key");
    }

    private Value Element(ref Frame frame, ListValue list, in Value key)
    {
        long place;
        if (key.IsInt)
        {
            place = key.Int;
        }
        else if (!key.IsDouble || !Numbers.TryWhole(key.Double, out place))
        {
            return key.IsDouble ? Fail(EvaluationErrorKind.InvalidArgument, "an index is a whole number") : WrongType("[]", Value.List(list), key);
        }

        place = place < 0 ? place + list.Count : place;
        if (place < 0 || place >= list.Count)
        {
            return Fail(EvaluationErrorKind.NotFound, "index out of range of a list of", list.Count);
        }

        return frame.Spend(list.AccessCost) ? Read(ref frame, list[(int)place], list.IsDocument) : Stop(ref frame);
    }
}

internal static class Members
{
    /// <summary>A getter may give null where it declared something else: the member is not set.</summary>
    public static Value Get(Node at, ObjectMember member, in Value owner)
    {
        var value = member.Get(owner.Instance);
        return value.Kind == member.Type.Kind || member.Type.IsDyn || (value.IsNull && member.Type.Kind == ValueKind.Object) ? value
            : value.IsNull ? at.Fail(EvaluationErrorKind.NotFound, "not set:", $"{owner.Type}.{member.Name}")
            : at.Fail(EvaluationErrorKind.WrongType, $"{owner.Type}.{member.Name} was declared {member.Type} but is", value.Type);
    }
}
