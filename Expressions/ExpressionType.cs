namespace Orrery.Expressions;

/// <summary>The type of a variable, a member or an expression, as CEL names it: <c>int</c>, <c>list(string)</c>, <c>dyn</c>.</summary>
public abstract class ExpressionType
{
    /// <summary>For names that are known only when the expression runs, such as the members of a JSON document.</summary>
    public static readonly ExpressionType Dyn = new PlainType(ValueKind.Dyn, "dyn");
    public static readonly ExpressionType Null = new PlainType(ValueKind.Null, "null_type");
    public static readonly ExpressionType Bool = new PlainType(ValueKind.Bool, "bool");
    public static readonly ExpressionType Int = new PlainType(ValueKind.Int, "int");
    public static readonly ExpressionType Double = new PlainType(ValueKind.Double, "double");
    public static readonly ExpressionType String = new PlainType(ValueKind.String, "string");
    public static readonly ExpressionType Type = new PlainType(ValueKind.Type, "type");

    internal static readonly ExpressionType AnyList = new ListType(Dyn);
    internal static readonly ExpressionType AnyMap = new MapType(Dyn, Dyn);

    private protected ExpressionType(ValueKind kind) => Kind = kind;

    public ValueKind Kind { get; }

    /// <summary>The type as CEL writes it.</summary>
    public abstract string Name { get; }

    internal bool IsDyn => Kind == ValueKind.Dyn;

    internal bool IsNumber => Kind is ValueKind.Int or ValueKind.Double;

    public static ExpressionType List(ExpressionType element) => element.IsDyn ? AnyList : new ListType(element);

    public static ExpressionType Map(ExpressionType key, ExpressionType value) => key.IsDyn && value.IsDyn ? AnyMap : new MapType(key, value);

    /// <summary>Whether a value of this type may stand where <paramref name="target"/> is asked for, perhaps only after a look when it runs.</summary>
    internal bool Fits(ExpressionType target) => (this, target) switch
    {
        ({ IsDyn: true }, _) or (_, { IsDyn: true }) => true,
        (ListType from, ListType to) => from.Element.Fits(to.Element),
        (MapType from, MapType to) => from.Key.Fits(to.Key) && from.Value.Fits(to.Value),
        ({ Kind: ValueKind.Null }, { Kind: ValueKind.Object }) => true,
        ({ Kind: ValueKind.Object }, _) => ReferenceEquals(this, target),
        _ => Kind == target.Kind,
    };

    /// <summary>The narrowest type that holds values of both.</summary>
    internal static ExpressionType Join(ExpressionType left, ExpressionType right) => (left, right) switch
    {
        (ListType a, ListType b) => List(Join(a.Element, b.Element)),
        (MapType a, MapType b) => Map(Join(a.Key, b.Key), Join(a.Value, b.Value)),
        ({ Kind: ValueKind.Object }, { Kind: ValueKind.Null }) => left,
        ({ Kind: ValueKind.Null }, { Kind: ValueKind.Object }) => right,
        ({ Kind: ValueKind.Object }, _) => ReferenceEquals(left, right) ? left : Dyn,
        _ => left.Kind == right.Kind ? left : Dyn,
    };

    public override string ToString() => Name;

    private sealed class PlainType(ValueKind kind, string name) : ExpressionType(kind)
    {
        public override string Name => name;
    }
}

internal sealed class ListType(ExpressionType element) : ExpressionType(ValueKind.List)
{
    public ExpressionType Element { get; } = element;

    public override string Name => $"list({Element})";
}

internal sealed class MapType(ExpressionType key, ExpressionType value) : ExpressionType(ValueKind.Map)
{
    public ExpressionType Key { get; } = key;

    public ExpressionType Value { get; } = value;

    public override string Name => $"map({Key}, {Value})";
}
