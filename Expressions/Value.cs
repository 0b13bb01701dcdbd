using System.Runtime.CompilerServices;
using System.Text.Json;
using Orrery.Expressions.Values;

namespace Orrery.Expressions;

/// <summary>
/// A value of the language. Numbers and booleans are held without boxing, JSON containers without copying. <c>default</c> is <c>null</c>.
/// </summary>
public readonly struct Value
{
    private readonly ExpressionType? _type;
    private readonly object? _reference;
    private readonly long _bits;

    internal Value(ExpressionType type, object? reference, long bits = 0)
    {
        _type = type;
        _reference = reference;
        _bits = bits;
    }

    public static Value Null => default;

    public ValueKind Kind => _type is null ? ValueKind.Null : _type.Kind;

    public bool IsNull => _type is null;

    internal ExpressionType Type => _type ?? ExpressionType.Null;

    internal bool IsFault => ReferenceEquals(_type, Fault.Marker);

    internal bool IsTrue => ReferenceEquals(_type, ExpressionType.Bool) && _bits != 0;

    internal bool IsString => ReferenceEquals(_type, ExpressionType.String);

    internal bool IsInt => ReferenceEquals(_type, ExpressionType.Int);

    internal bool IsDouble => ReferenceEquals(_type, ExpressionType.Double);

    internal bool IsBool => ReferenceEquals(_type, ExpressionType.Bool);

    internal bool IsList => ReferenceEquals(_type, ExpressionType.AnyList);

    internal bool IsMap => ReferenceEquals(_type, ExpressionType.AnyMap);

    internal Fault Fault => Unsafe.As<Fault>(_reference!);

    internal bool Bool => _bits != 0;

    internal long Int => _bits;

    internal double Double => BitConverter.Int64BitsToDouble(_bits);

    internal string String => Unsafe.As<string>(_reference!);

    internal ListValue Items => Unsafe.As<ListValue>(_reference!);

    internal MapValue Entries => Unsafe.As<MapValue>(_reference!);

    internal object Instance => _reference!;

    /// <summary>How a JSON document wrote this number, where a double would not write the same one.</summary>
    internal string? Written => _reference as string;

    public static implicit operator Value(bool value) => new(ExpressionType.Bool, null, value ? 1 : 0);

    public static implicit operator Value(long value) => new(ExpressionType.Int, null, value);

    public static implicit operator Value(double value) => new(ExpressionType.Double, null, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Value(string? value) => value is null ? default : new(ExpressionType.String, value);

    /// <summary>A JSON document, or a part of one: containers stay where they are, numbers are doubles. The document must outlive the value.</summary>
    public static Value Json(JsonElement element) => JsonValues.Of(element);

    public static Value List(params IEnumerable<Value> items) => List(new ArrayList([.. items]));

    public static Value List(ListValue list) => new(ExpressionType.AnyList, list);

    /// <summary>A map with string keys; the last of two equal keys counts.</summary>
    public static Value Map(params IEnumerable<KeyValuePair<string, Value>> entries) => Map(EntryMap.Of(entries));

    public static Value Map(MapValue map) => new(ExpressionType.AnyMap, map);

    public bool AsBool() => IsBool ? Bool : throw Not(ValueKind.Bool);

    public long AsInt() => IsInt ? Int : throw Not(ValueKind.Int);

    public double AsDouble() => IsDouble ? Double : throw Not(ValueKind.Double);

    public string AsString() => IsString ? String : throw Not(ValueKind.String);

    public ListValue AsList() => IsList ? Items : throw Not(ValueKind.List);

    public MapValue AsMap() => IsMap ? Entries : throw Not(ValueKind.Map);

    /// <summary>The instance that <see cref="ObjectType{T}.Of"/> wrapped.</summary>
    public T AsObject<T>()
        where T : class => Kind == ValueKind.Object ? (T)Instance : throw Not(ValueKind.Object);

    /// <summary>Writes the value as JSON after CEL's mapping: integers beyond 2^53 and numbers that are not finite become strings.</summary>
    /// <param name="leavesOutNulls">Entries of maps that the expression made and that are null are not written; a document's own are.</param>
    /// <returns>Why it could not be written; what was written until then is of no use.</returns>
    public EvaluationError? WriteTo(Utf8JsonWriter writer, long maxBytes = JsonOutput.DefaultMaxBytes, bool leavesOutNulls = false) =>
        JsonOutput.Write(writer, this, maxBytes, leavesOutNulls);

    /// <summary>For people and tests, never for programs: JSON where the value has any.</summary>
    public override string ToString() => JsonOutput.Describe(this);

    /// <summary>Of what was taken out of a document as text.</summary>
    internal int TextLength => _reference is string text ? text.Length : 0;

    internal static Value OfType(ExpressionType type) => new(ExpressionType.Type, type);

    private InvalidOperationException Not(ValueKind kind) => new($"The value is {Type}, not {kind}.");
}
