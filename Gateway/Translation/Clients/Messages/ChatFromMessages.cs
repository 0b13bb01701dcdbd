using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>
/// A request of the Messages API, said as a chat request. What cannot be said and would change the answer is refused by name; hints are left out and told of
/// (<see cref="LeftOut"/>); what is not known passes as it is, since engines have fields of their own.
/// </summary>
internal sealed class ChatFromMessages(JsonElement root, IBufferWriter<byte> chat)
{
    private readonly SortedSet<string> _leftOut = new(StringComparer.Ordinal);

    /// <summary>Fields that no engine is told.</summary>
    public IReadOnlyCollection<string> LeftOut => _leftOut;

    public bool Stream { get; private set; }

    public Refusal? Write()
    {
        if (root.Get("max_tokens"u8) is not { } most)
        {
            return Wrong("max_tokens", null, "the most tokens that the answer may have");
        }

        if (most.ValueKind != JsonValueKind.Number || !most.TryGetInt64(out var tokens) || tokens < 1)
        {
            return Wrong("max_tokens", most, "a whole number of at least 1");
        }

        chat.Write(AnswerBound.First);
        chat.Write(most);
        chat.Write(",\"messages\":["u8);
        var conversation = new ChatTurns(this, chat);
        if ((conversation.WriteSystem(root.Get("system"u8)) ?? conversation.Write(root.Get("messages"u8))) is { } refusal)
        {
            return refusal;
        }

        chat.Write("]"u8);
        foreach (var field in root.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Null && Write(field) is { } refused)
            {
                return refused;
            }
        }

        chat.Write("}"u8);
        return null;
    }

    public void LeaveOut(string field) => _leftOut.Add(field);

    /// <param name="found">What stands there; <c>null</c>: nothing.</param>
    public static Refusal Wrong(string param, JsonElement? found, string expected) => found is { } value
        ? Refusal.BadField(param, $"'{param}' is {value.Show()}; expected {expected}.")
        : Refusal.BadField(param, $"'{param}' is missing; expected {expected}.", "missing_required_parameter");

    /// <summary>For what only Anthropic's own servers do.</summary>
    public static Refusal Unsupported(string param, string what) => Refusal.BadField(
        param, $"{what} is something that only Anthropic's own servers do, and this model is not served by them. Leave it out, or use a model of a provider with engine 'anthropic'.", "unsupported_value");

    private Refusal? Write(JsonProperty field)
    {
        switch (field.Name)
        {
            case "max_tokens" or "messages" or "system":
                return null;
            case "stream":
                return WriteStream(field.Value);
            case "stop_sequences":
                return Copy("stop"u8, field.Value);
            case "tools":
                return new ChatTools(this, chat).Write(field.Value);
            case "tool_choice":
                return ChatTools.WriteChoice(field.Value, chat);
            case "metadata":
                return field.Value.GetText("user_id"u8) is { } user ? Copy("user"u8, user) : null;
            case "output_config":
                return WriteOutput(field.Value);
            case "output_format":
                return WriteFormat(field.Value);
            case "mcp_servers" or "container":
                return Unsupported(field.Name, $"'{field.Name}'");
            case "thinking" or "cache_control" or "service_tier" or "context_management" or "inference_geo" or "speed" or "betas":
                LeaveOut(field.Name);
                return null;
            default:
                chat.Write(","u8);
                chat.Write("\""u8);
                chat.Write(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8PropertyName(field));
                chat.Write("\":"u8);
                chat.Write(field.Value);
                return null;
        }
    }

    private Refusal? WriteStream(JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            return Wrong("stream", value, "true or false");
        }

        Stream = value.ValueKind == JsonValueKind.True;
        chat.Write(Stream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"u8 : default);
        return null;
    }

    private Refusal? WriteOutput(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return Wrong("output_config", value, "an object");
        }

        if (value.Get("effort"u8) is not null)
        {
            LeaveOut("output_config.effort");
        }

        return value.Get("format"u8) is { } format ? WriteFormat(format) : null;
    }

    private Refusal? WriteFormat(JsonElement format)
    {
        if (format.Type() != "json_schema" || format.Get("schema"u8) is not { ValueKind: JsonValueKind.Object } schema)
        {
            return Wrong("output_config.format", format, "{\"type\": \"json_schema\", \"schema\": {...}}");
        }

        chat.Write(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":"u8);
        chat.Write(schema);
        chat.Write("}}"u8);
        return null;
    }

    private Refusal? Copy(ReadOnlySpan<byte> name, JsonElement value)
    {
        chat.Write(",\""u8);
        chat.Write(name);
        chat.Write("\":"u8);
        chat.Write(value);
        return null;
    }
}
