namespace Orrery.Expressions;

/// <summary>What a value is, and what a type says of values. <see cref="Dyn"/> is a kind of types only: decided when the expression runs.</summary>
public enum ValueKind : byte
{
    Null,
    Bool,
    Int,
    Double,
    String,
    List,
    Map,
    Object,
    Type,
    Dyn,
}
