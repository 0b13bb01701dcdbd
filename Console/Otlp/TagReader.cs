using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>Reads attributes: <c>KeyValue</c> and <c>AnyValue</c> of opentelemetry-proto 1.x, common.proto.</summary>
internal sealed class TagReader
{
    /// <summary>As the protobuf libraries bound nesting, so that nobody's stack ends.</summary>
    private const int DeepestValue = 100;

    /// <summary>Of one item; SDKs stop at 128. Further ones are left out.</summary>
    public const int MostTags = 1024;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Keys, and names of spans, scopes and instruments.</summary>
    public TextCache Names { get; } = new();

    private readonly TextCache _values = new();

    /// <summary>Reads one <c>KeyValue</c> into <paramref name="tags"/>.</summary>
    public void Read(ProtoReader pair, List<Tag> tags)
    {
        var key = "";
        var value = "";
        while (pair.Next())
        {
            switch (pair.Field)
            {
                case 1: key = Names.Get(pair.ReadBytes()); break;
                case 2: value = ReadValue(pair.ReadMessage()); break;
                default: pair.Skip(); break;
            }
        }

        if (tags.Count < MostTags)
        {
            tags.Add(new(key, value));
        }
    }

    /// <summary>An <c>AnyValue</c> as it is shown; lists as JSON, bytes as base64.</summary>
    public string ReadValue(ProtoReader value)
    {
        var text = "";
        while (value.Next())
        {
            switch (value.Field)
            {
                case 1: text = _values.Get(value.ReadBytes()); break;
                case 2: text = value.ReadVarint() == 0 ? "false" : "true"; break;
                case 3: text = ((long)value.ReadVarint()).ToString(CultureInfo.InvariantCulture); break;
                case 4: text = value.ReadDouble().ToString(CultureInfo.InvariantCulture); break;
                case 5 or 6: text = ReadList(value.Field, value.ReadMessage()); break;
                case 7: text = Convert.ToBase64String(value.ReadBytes()); break;
                default: value.Skip(); break;
            }
        }

        return text;
    }

    private string ReadList(int field, ProtoReader list)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, Json))
        {
            WriteList(writer, field, list, depth: 1);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private void WriteList(Utf8JsonWriter writer, int field, ProtoReader list, int depth)
    {
        if (depth > DeepestValue)
        {
            throw list.Fault($"a value is nested more than {DeepestValue} deep");
        }

        if (field == 5)
        {
            writer.WriteStartArray();
            while (list.Next())
            {
                if (list.Field == 1)
                {
                    WriteValue(writer, list.ReadMessage(), depth);
                }
                else
                {
                    list.Skip();
                }
            }

            writer.WriteEndArray();
            return;
        }

        writer.WriteStartObject();
        while (list.Next())
        {
            if (list.Field == 1)
            {
                WritePair(writer, list.ReadMessage(), depth);
            }
            else
            {
                list.Skip();
            }
        }

        writer.WriteEndObject();
    }

    private void WritePair(Utf8JsonWriter writer, ProtoReader pair, int depth)
    {
        var key = "";
        ProtoReader value = default;
        while (pair.Next())
        {
            switch (pair.Field)
            {
                case 1: key = Names.Get(pair.ReadBytes()); break;
                case 2: value = pair.ReadMessage(); break;
                default: pair.Skip(); break;
            }
        }

        writer.WritePropertyName(key);
        WriteValue(writer, value, depth);
    }

    /// <summary>The last of the value's fields, as protobuf wants it of a <c>oneof</c>; <c>null</c> when it has none.</summary>
    private void WriteValue(Utf8JsonWriter writer, ProtoReader value, int depth)
    {
        var last = value;
        var isEmpty = true;
        while (value.Next())
        {
            if (value.Field is >= 1 and <= 7)
            {
                last = value;
                isEmpty = false;
            }

            value.Skip();
        }

        if (isEmpty)
        {
            writer.WriteNullValue();
            return;
        }

        switch (last.Field)
        {
            case 1: writer.WriteStringValue(Encoding.UTF8.GetString(last.ReadBytes())); break;
            case 2: writer.WriteBooleanValue(last.ReadVarint() != 0); break;
            case 3: writer.WriteNumberValue((long)last.ReadVarint()); break;
            case 4: WriteDouble(writer, last.ReadDouble()); break;
            case 5 or 6: WriteList(writer, last.Field, last.ReadMessage(), depth + 1); break;
            case 7: writer.WriteBase64StringValue(last.ReadBytes()); break;
        }
    }

    private static void WriteDouble(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            // JSON has no such numbers.
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Sorted by key, so that the same tags in another order are the same series and the same emitter.</summary>
    public static Tag[] Sorted(List<Tag> tags)
    {
        CollectionsMarshal.AsSpan(tags).Sort(static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        return [.. tags];
    }
}
