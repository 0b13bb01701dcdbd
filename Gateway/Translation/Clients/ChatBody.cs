using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>What the translations of clients' protocols into chat requests have in common.</summary>
internal static class ChatBody
{
    /// <summary>The request's beginning, up to its first message: a bound on the answer comes first, where there is one (<see cref="AnswerBound.First"/>).</summary>
    /// <param name="bound">The field that bounds it.</param>
    public static Refusal? Begin(JsonElement root, string bound, IBufferWriter<byte> chat)
    {
        if (!root.TryGetProperty(bound, out var most) || most.ValueKind == JsonValueKind.Null)
        {
            chat.Write("{\"messages\":["u8);
            return null;
        }

        if (most.ValueKind != JsonValueKind.Number || !most.TryGetInt64(out var tokens) || tokens < 1)
        {
            return Wrong(bound, most, "a whole number of at least 1");
        }

        chat.Write(AnswerBound.First);
        chat.Write(most);
        chat.Write(",\"messages\":["u8);
        return null;
    }

    /// <summary>Usage is always asked for: the end of the client's own stream tells it.</summary>
    public static Refusal? WriteStream(JsonElement value, IBufferWriter<byte> chat)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            return Wrong("stream", value, "true or false");
        }

        chat.Write(value.ValueKind == JsonValueKind.True ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"u8 : default);
        return null;
    }

    public static Refusal? Copy(JsonProperty field, IBufferWriter<byte> chat) => Copy(JsonMarshal.GetRawUtf8PropertyName(field), field.Value, chat);

    /// <param name="name">As JSON has it, without quotes.</param>
    public static Refusal? Copy(ReadOnlySpan<byte> name, JsonElement value, IBufferWriter<byte> chat)
    {
        chat.Write(",\""u8);
        chat.Write(name);
        chat.Write("\":"u8);
        chat.Write(value);
        return null;
    }

    /// <param name="found">What stands there; <c>null</c>: nothing.</param>
    public static Refusal Wrong(string param, JsonElement? found, string expected) => found is { } value
        ? Refusal.BadField(param, $"'{param}' is {value.Show()}; expected {expected}.")
        : Refusal.BadField(param, $"'{param}' is missing; expected {expected}.", "missing_required_parameter");
}
