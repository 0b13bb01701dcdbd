using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>Values of a JSON document on their way into another, copied as they stand.</summary>
internal static class JsonParts
{
    /// <summary>The value's own bytes.</summary>
    public static ReadOnlySpan<byte> Raw(this JsonElement value) => JsonMarshal.GetRawUtf8Value(value);

    /// <summary>What stands between a string's quotes, escapes and all.</summary>
    public static ReadOnlySpan<byte> Inner(this JsonElement text) => text.Raw()[1..^1];

    public static bool IsText(this JsonElement value) => value.ValueKind == JsonValueKind.String;

    /// <summary>The member that is there and not <c>null</c>.</summary>
    public static JsonElement? Get(this JsonElement value, ReadOnlySpan<byte> name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    /// <summary>The member that is there and a string.</summary>
    public static JsonElement? GetText(this JsonElement value, ReadOnlySpan<byte> name) => value.Get(name) is { ValueKind: JsonValueKind.String } text ? text : null;

    /// <summary>What a <c>type</c> says; empty where there is none.</summary>
    public static string Type(this JsonElement value) => value.GetText("type"u8)?.GetString() ?? "";

    /// <summary>A value as people are told of it.</summary>
    public static string Show(this JsonElement value) => JsonBytes.Show(value.Raw());

    public static void Write(this IBufferWriter<byte> output, JsonElement value) => BuffersExtensions.Write(output, value.Raw());
}
