using Orrery.Expressions.Nodes;
using Orrery.Expressions.Syntax;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Binding;

/// <summary>Operators, lists and maps.</summary>
internal sealed partial class Binder
{
    private Node BindUnary(UnarySyntax unary)
    {
        if (unary.Operator == TokenKind.Not)
        {
            return new NotNode(unary.Offset, BindBool(unary.Operand, "!"));
        }

        var operand = Bind(unary.Operand);
        return operand.Type.IsNumber || operand.Type.IsDyn
            ? new NegateNode(unary.Offset, operand.Type, operand)
            : Mistake(unary.Offset, "wrong type of the operand of '-'", operand.Type.Name, "int or double");
    }

    private Node BindBinary(BinarySyntax binary)
    {
        var left = Bind(binary.Left);
        var right = Bind(binary.Right);
        return binary.Operator switch
        {
            TokenKind.Equal or TokenKind.NotEqual => BindEqual(binary, left, right),
            TokenKind.In => BindIn(binary, left, right),
            TokenKind.Less or TokenKind.LessOrEqual or TokenKind.Greater or TokenKind.GreaterOrEqual => BindOrder(binary, left, right),
            _ => BindArithmetic(binary, left, right),
        };
    }

    /// <summary>Types whose values can be equal. Unlike CEL's checker, it lets an int meet a double: at run time they are equal or not.</summary>
    private static bool AreComparable(ExpressionType left, ExpressionType right) =>
        (left.IsNumber && right.IsNumber) || left.Fits(right) || right.Fits(left) || (left, right) switch
        {
            (ListType a, ListType b) => AreComparable(a.Element, b.Element),
            (MapType a, MapType b) => AreComparable(a.Key, b.Key) && AreComparable(a.Value, b.Value),
            _ => false,
        };

    private Node BindEqual(BinarySyntax binary, Node left, Node right) => AreComparable(left.Type, right.Type)
        ? new EqualNode(binary.Offset, binary.Operator == TokenKind.NotEqual, left, right)
        : WrongTypes(binary, left, right, $"two of one type; write dyn(…) around one if it may be another");

    private Node BindIn(BinarySyntax binary, Node item, Node range)
    {
        var isKnown = range.Type switch
        {
            ListType list => AreComparable(item.Type, list.Element),
            MapType map => AreComparable(item.Type, map.Key),
            _ => range.Type.IsDyn,
        };
        return isKnown ? new InNode(binary.Offset, item, range) : WrongTypes(binary, item, range, "an element and a list of such, or a key and a map");
    }

    private Node BindOrder(BinarySyntax binary, Node left, Node right)
    {
        var isKnown = left.Type.IsDyn || right.Type.IsDyn
            ? IsOrdered(left.Type) && IsOrdered(right.Type)
            : (left.Type.IsNumber && right.Type.IsNumber) || (left.Type.Kind == right.Type.Kind && IsOrdered(left.Type));
        return isKnown ? new OrderNode(binary.Offset, binary.Operator, left, right) : WrongTypes(binary, left, right, "two numbers, strings or bools");
    }

    private static bool IsOrdered(ExpressionType type) => type.IsNumber || type.Kind is ValueKind.String or ValueKind.Bool or ValueKind.Dyn;

    private Node BindArithmetic(BinarySyntax binary, Node left, Node right)
    {
        var type = (left.Type, right.Type, binary.Operator) switch
        {
            ({ Kind: ValueKind.Int }, { Kind: ValueKind.Int }, _) => ExpressionType.Int,
            ({ Kind: ValueKind.Double }, { Kind: ValueKind.Double }, not TokenKind.Percent) => ExpressionType.Double,
            ({ Kind: ValueKind.String }, { Kind: ValueKind.String }, TokenKind.Plus) => ExpressionType.String,
            (ListType, ListType, TokenKind.Plus) => ExpressionType.Join(left.Type, right.Type),
            ({ IsDyn: true }, var other, _) => Known(other, binary.Operator),
            (var other, { IsDyn: true }, _) => Known(other, binary.Operator),
            _ => null,
        };
        var expected = binary.Operator switch
        {
            TokenKind.Plus => "two ints, doubles, strings or lists; convert with double(…), int(…) or string(…)",
            TokenKind.Percent => "two ints",
            _ => "two ints or two doubles; convert with double(…) or int(…)",
        };
        return type is null ? WrongTypes(binary, left, right, expected) : new ArithmeticNode(binary.Offset, type, binary.Operator, left, right);
    }

    /// <summary>The type of the result where one operand is dyn: that of the other, if it can be an operand at all.</summary>
    private static ExpressionType? Known(ExpressionType other, TokenKind @operator) => other.Kind switch
    {
        ValueKind.Dyn or ValueKind.Int => other,
        ValueKind.Double when @operator != TokenKind.Percent => other,
        ValueKind.String when @operator == TokenKind.Plus => other,
        ValueKind.List when @operator == TokenKind.Plus => ExpressionType.AnyList,
        _ => null,
    };

    private ConstantNode WrongTypes(BinarySyntax binary, Node left, Node right, string expected) =>
        Mistake(binary.Offset, $"wrong types at '{binary.Operator.Text()}'", $"{left.Type} {binary.Operator.Text()} {right.Type}", expected);

    private Node BindConditional(ConditionalSyntax conditional)
    {
        var condition = BindBool(conditional.Condition, "?:");
        var then = Bind(conditional.Then);
        var otherwise = Bind(conditional.Else);
        return then.Type.Fits(otherwise.Type) || otherwise.Type.Fits(then.Type) || then.Type.Kind == ValueKind.Null || otherwise.Type.Kind == ValueKind.Null
            ? new ConditionalNode(conditional.Offset, ExpressionType.Join(then.Type, otherwise.Type), condition, then, otherwise)
            : Mistake(conditional.Offset, "wrong types of the branches of '?:'", $"{then.Type} and {otherwise.Type}", "two of one type; write dyn(…) around one");
    }

    private Node BindList(ListSyntax syntax)
    {
        var items = syntax.Items.Select(Bind).ToArray();
        var type = ExpressionType.List(Joined(items));
        return items.All(item => item is ConstantNode)
            ? new ConstantNode(syntax.Offset, Value.List(new ArrayList([.. items.Cast<ConstantNode>().Select(item => item.Value)])), type)
            : new ListNode(syntax.Offset, type, items);
    }

    private Node BindMap(MapSyntax syntax)
    {
        var (keys, values) = (new Node[syntax.Entries.Count], new Node[syntax.Entries.Count]);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = Bind(syntax.Entries[i].Key);
            values[i] = Bind(syntax.Entries[i].Value);
            if (keys[i].Type.Kind is not (ValueKind.String or ValueKind.Int or ValueKind.Bool or ValueKind.Dyn))
            {
                Report(syntax.Entries[i].Key.Offset, "wrong type of a key", keys[i].Type.Name, "string, int or bool");
                return new ConstantNode(syntax.Offset, default, ExpressionType.Dyn);
            }
        }

        var constants = keys.OfType<ConstantNode>().Where(key => MapKeys.IsKey(key.Value)).ToArray();
        if (!EntryMap.TryMake([.. constants.Select(key => key.Value)], new Value[constants.Length], out _, out var duplicate))
        {
            return Mistake(constants[duplicate].Offset, "the map has this key twice", constants[duplicate].Value.ToString(), "another key");
        }

        var type = ExpressionType.Map(Joined(keys), Joined(values));
        return constants.Length == keys.Length && values.All(value => value is ConstantNode)
            && EntryMap.TryMake([.. constants.Select(key => key.Value)], [.. values.Cast<ConstantNode>().Select(value => value.Value)], out var map, out _)
            ? new ConstantNode(syntax.Offset, Value.Map(map!), type)
            : new MapNode(syntax.Offset, type, keys, values);
    }

    private static ExpressionType Joined(Node[] nodes) => nodes.Length == 0 ? ExpressionType.Dyn : nodes.Select(node => node.Type).Aggregate(ExpressionType.Join);
}
