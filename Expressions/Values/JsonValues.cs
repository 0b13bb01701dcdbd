using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Orrery.Expressions.Values;

/// <summary>JSON as values, read where it lies.</summary>
internal static class JsonValues
{
    /// <summary>So many digits come back from a double as they went in.</summary>
    private const int ExactDigits = 15;

    public static Value Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Text(element),
        JsonValueKind.Number => Number(element),
        JsonValueKind.Array => Value.List(new JsonList(element)),
        JsonValueKind.Object => Value.Map(new JsonMap(element)),
        _ => default,
    };

    private static Value Number(JsonElement element)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        element.TryGetDouble(out var number);
        return raw.Length <= ExactDigits && double.IsFinite(number) ? number : new Value(ExpressionType.Double, Encoding.ASCII.GetString(raw), BitConverter.DoubleToInt64Bits(number));
    }

    private static Value Text(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return NotUnicode();
        }
    }

    public static Value NotUnicode() => new Fault(EvaluationErrorKind.InvalidArgument, "a string of the document is not valid Unicode");
}
