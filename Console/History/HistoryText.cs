using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <summary>Between telemetry and what PostgreSQL keeps of it.</summary>
internal static class HistoryText
{
    private const int LongestIndexed = 512;

    /// <summary>An object with a property a tag, in their order: <c>tags->>'gen_ai.request.model'</c> works in SQL.</summary>
    public static string Json(Tag[] tags) => Json(writer => Write(writer, tags));

    public static string Json(SpanEvent[] events) => Json(writer =>
    {
        writer.WriteStartArray();
        foreach (var happened in events)
        {
            writer.WriteStartObject();
            writer.WriteString("time", happened.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            writer.WriteString("name", happened.Name);
            writer.WritePropertyName("tags");
            Write(writer, happened.Tags);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    public static string Json(IEnumerable<KeyValuePair<string, int>> counts) => Json(writer =>
    {
        writer.WriteStartObject();
        foreach (var (name, count) in counts)
        {
            writer.WriteNumber(name, count);
        }

        writer.WriteEndObject();
    });

    public static Tag[] Tags(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Tags(document.RootElement);
    }

    public static SpanEvent[] Events(string json)
    {
        using var document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.EnumerateArray().Select(happened => new SpanEvent(
                happened.GetProperty("time").GetDateTimeOffset(), happened.GetProperty("name").GetString()!, Tags(happened.GetProperty("tags")))),
        ];
    }

    public static List<KeyValuePair<string, int>> Counts(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject().Select(one => KeyValuePair.Create(one.Name, one.Value.GetInt32()))];
    }

    /// <summary>The same for the same texts, in the same order.</summary>
    public static byte[] Hash(params IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }

        return hash.GetHashAndReset();
    }

    public static Guid Uuid(this TraceId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id.Value);
        return new Guid(bytes, bigEndian: true);
    }

    public static TraceId TraceId(this Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>What stands in an index has a bound there.</summary>
    public static string Short(this string text) => text.Length <= LongestIndexed ? text : text[..(char.IsHighSurrogate(text[LongestIndexed - 1]) ? LongestIndexed - 1 : LongestIndexed)];

    /// <summary>PostgreSQL's texts cannot hold the character 0.</summary>
    public static string Storable(this string text) => text.Contains('\0') ? text.Replace('\0', '\uFFFD') : text;

    private static Tag[] Tags(JsonElement element) => [.. element.EnumerateObject().Select(tag => new Tag(tag.Name, tag.Value.GetString()!))];

    private static void Write(Utf8JsonWriter writer, Tag[] tags)
    {
        writer.WriteStartObject();
        foreach (var tag in tags)
        {
            writer.WriteString(tag.Key.Storable(), tag.Value.Storable());
        }

        writer.WriteEndObject();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
