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

    /// <summary>The first thing that a chat request has no words for; <c>null</c>: all of it is said.</summary>
    public Refusal? Inexpressible { get; private set; }

    /// <summary>The last message is the beginning of the answer, unless the request says so itself in vLLM's words.</summary>
    public bool ContinuesAnswer { get; private set; }

    /// <param name="needsBound">An answer is asked for.</param>
    public Refusal? Write(bool needsBound)
    {
        if (needsBound && root.Get("max_tokens"u8) is null)
        {
            return ChatBody.Wrong("max_tokens", null, "the most tokens that the answer may have");
        }

        if (ChatBody.Begin(root, "max_tokens", chat) is { } wrong)
        {
            return wrong;
        }

        var conversation = new ChatTurns(this, chat);
        if ((conversation.WriteSystem(root.Get("system"u8)) ?? conversation.Write(root.Get("messages"u8))) is { } refusal)
        {
            return refusal;
        }

        ContinuesAnswer = EndsWithAnswer(root.Get("messages"u8)!.Value) && root.Get("continue_final_message"u8) is null && root.Get("add_generation_prompt"u8) is null;
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

    /// <summary>Notes what only Anthropic's own servers do: where they are asked, they do it.</summary>
    /// <returns><c>null</c>: the translation goes on, and nobody else is sent it.</returns>
    public Refusal? Unsupported(string param, string what)
    {
        Inexpressible ??= Refusal.BadField(
            param, $"{what} is something that only Anthropic's own servers do, and this model is not served by them. Leave it out, or use a model of a provider with engine 'anthropic'. It stands in '{param}'.", "unsupported_value");
        return null;
    }

    private static bool EndsWithAnswer(JsonElement messages)
    {
        var last = messages[messages.GetArrayLength() - 1];
        return last.GetText("role"u8) is { } role && role.ValueEquals("assistant"u8)
            && last.Get("content"u8) is { } content && (content.IsText() || content.EnumerateArray().All(block => block.Type() != "tool_use"));
    }

    private Refusal? Write(JsonProperty field)
    {
        switch (field.Name)
        {
            case "max_tokens" or "messages" or "system":
                return null;
            case "stream":
                return ChatBody.WriteStream(field.Value, chat);
            case "stop_sequences":
                return ChatBody.Copy("stop"u8, field.Value, chat);
            case "tools":
                return new ChatTools(this, chat).Write(field.Value);
            case "tool_choice":
                return ChatTools.WriteChoice(field.Value, chat);
            case "metadata":
                return field.Value.GetText("user_id"u8) is { } user ? ChatBody.Copy("user"u8, user, chat) : null;
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
                return ChatBody.Copy(field, chat);
        }
    }

    private Refusal? WriteOutput(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return ChatBody.Wrong("output_config", value, "an object");
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
            return ChatBody.Wrong("output_config.format", format, "{\"type\": \"json_schema\", \"schema\": {...}}");
        }

        chat.Write(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":"u8);
        chat.Write(schema);
        chat.Write("}}"u8);
        return null;
    }
}
