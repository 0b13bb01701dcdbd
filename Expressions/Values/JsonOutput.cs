using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Orrery.Expressions.Values;

/// <summary>Writes values as JSON, with bounds: a small value whose parts are shared can be a large document.</summary>
internal ref struct JsonOutput
{
    public const long DefaultMaxBytes = 64 << 20;
    private const long MaxExactInteger = (1L << 53) - 1;
    private const int MaxDepth = 300;
    private const int DescribedBytes = 4096;

    private readonly Utf8JsonWriter _writer;
    private readonly bool _leavesOutNulls;
    private long _left;
    private EvaluationError? _error;

    private JsonOutput(Utf8JsonWriter writer, long maxBytes, bool leavesOutNulls) => (_writer, _left, _leavesOutNulls) = (writer, maxBytes, leavesOutNulls);

    public static EvaluationError? Write(Utf8JsonWriter writer, in Value value, long maxBytes, bool leavesOutNulls = false)
    {
        var output = new JsonOutput(writer, maxBytes, leavesOutNulls);
        output.Write(value, 0);
        return output._error;
    }

    public static string Describe(in Value value)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        if (value.Kind is ValueKind.Object or ValueKind.Type || value.WriteTo(writer, DescribedBytes) is not null)
        {
            return value.Kind == ValueKind.Type ? value.Instance.ToString()! : $"({value.Type})";
        }

        writer.Flush();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private bool Write(in Value value, int depth)
    {
        if (depth > MaxDepth)
        {
            return Fail(EvaluationErrorKind.LimitExceeded, "the result is nested too deeply");
        }

        switch (value.Kind)
        {
            case ValueKind.Null:
                _writer.WriteNullValue();
                return Take(4);
            case ValueKind.Bool:
                _writer.WriteBooleanValue(value.Bool);
                return Take(4);
            case ValueKind.Int:
                return WriteInteger(value.Int);
            case ValueKind.Double:
                return WriteDouble(value);
            case ValueKind.String:
                return Take(value.String.Length + 2) && WriteText(value.String);
            case ValueKind.List:
                return WriteList(value.Items, depth + 1);
            case ValueKind.Map:
                return WriteMap(value.Entries, depth + 1);
            default:
                return Fail(EvaluationErrorKind.WrongType, $"{value.Type} has no form in JSON");
        }
    }

    private readonly bool WriteText(string text)
    {
        _writer.WriteStringValue(text);
        return true;
    }

    private bool WriteInteger(long integer)
    {
        if (Math.Abs((double)integer) <= MaxExactInteger)
        {
            _writer.WriteNumberValue(integer);
        }
        else
        {
            _writer.WriteStringValue(integer.ToString(CultureInfo.InvariantCulture));
        }

        return Take(8);
    }

    private bool WriteDouble(in Value value)
    {
        if (value.Written is { } written)
        {
            _writer.WriteRawValue(written, skipInputValidation: true);
            return Take(written.Length);
        }

        if (double.IsFinite(value.Double))
        {
            _writer.WriteNumberValue(value.Double);
        }
        else
        {
            _writer.WriteStringValue(double.IsNaN(value.Double) ? "NaN" : value.Double > 0 ? "Infinity" : "-Infinity");
        }

        return Take(8);
    }

    private bool WriteList(ListValue list, int depth)
    {
        if (list is JsonList json)
        {
            return Copy(json.Element);
        }

        _writer.WriteStartArray();
        for (var i = 0; i < list.Count; i++)
        {
            if (!Take(1) || !Write(list[i], depth))
            {
                return false;
            }
        }

        _writer.WriteEndArray();
        return Take(2);
    }

    private bool WriteMap(MapValue map, int depth)
    {
        if (map is JsonMap json)
        {
            return Copy(json.Element);
        }

        var entries = (EntryMap)map;
        _writer.WriteStartObject();
        for (var i = 0; i < entries.Count; i++)
        {
            var key = entries.KeyArray[i];
            if (_leavesOutNulls && entries.ValueArray[i].IsNull)
            {
                continue;
            }

            if (!key.IsString)
            {
                return Fail(EvaluationErrorKind.WrongType, $"a key of {key.Type} has no form in JSON");
            }

            if (!Take(key.String.Length + 4))
            {
                return false;
            }

            _writer.WritePropertyName(key.String);
            if (!Write(entries.ValueArray[i], depth))
            {
                return false;
            }
        }

        _writer.WriteEndObject();
        return Take(2);
    }

    private bool Copy(JsonElement element)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (!Take(raw.Length))
        {
            return false;
        }

        _writer.WriteRawValue(raw, skipInputValidation: true);
        return true;
    }

    private bool Take(long bytes)
    {
        _left -= bytes;
        return _left >= 0 || Fail(EvaluationErrorKind.LimitExceeded, "the result is too large to be written");
    }

    private bool Fail(EvaluationErrorKind kind, string message)
    {
        _error ??= new EvaluationError(kind, 0, 0, message);
        return false;
    }
}
