using System.Globalization;
using Orrery.Expressions.Nodes;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Functions;

internal static class Conversions
{
    private const NumberStyles DoubleStyle = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    public static Value ToBool(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => arguments[0].IsBool ? arguments[0] : arguments[0].String switch
    {
        "true" or "True" or "TRUE" or "t" or "T" or "1" => true,
        "false" or "False" or "FALSE" or "f" or "F" or "0" => false,
        _ => at.Fail(EvaluationErrorKind.InvalidArgument, "the text is no bool"),
    };

    public static Value ToInt(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var value = arguments[0];
        if (value.IsDouble)
        {
            return Numbers.TryTruncate(value.Double, out var whole) ? whole : at.Fail(EvaluationErrorKind.Arithmetic, "the double goes beyond the range of int");
        }

        return value.IsInt ? value
            : long.TryParse(value.String, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : at.Fail(EvaluationErrorKind.InvalidArgument, "the text is no int");
    }

    public static Value ToDouble(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var value = arguments[0];
        return value.IsDouble ? value.Double
            : value.IsInt ? (double)value.Int
            : double.TryParse(value.String, DoubleStyle, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
            : value.String switch
            {
                "NaN" => double.NaN,
                "Infinity" or "+Infinity" or "inf" or "+inf" => double.PositiveInfinity,
                "-Infinity" or "-inf" => double.NegativeInfinity,
                _ => at.Fail(EvaluationErrorKind.InvalidArgument, "the text is no double"),
            };
    }

    public static Value ToText(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var value = arguments[0];
        if (value.IsString)
        {
            return value;
        }

        var text = value.IsBool ? value.Bool ? "true" : "false" : value.IsInt ? value.Int.ToString(CultureInfo.InvariantCulture) : Text(value.Double);
        return frame.MakeText(text.Length) ? text : at.Stop(ref frame);
    }

    public static Value TypeOf(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => Value.OfType(arguments[0].Type);

    public static Value Same(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => arguments[0];

    private static string Text(double number) => double.IsPositiveInfinity(number) ? "+Inf"
        : double.IsNegativeInfinity(number) ? "-Inf"
        : number.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
}
