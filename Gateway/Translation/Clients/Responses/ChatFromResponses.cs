using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>
/// A request of the Responses API, said as a chat request. What cannot be said and would change the answer is refused by name; hints are left out and told of
/// (<see cref="LeftOut"/>); what is not known passes as it is, since engines have fields of their own.
/// </summary>
internal sealed class ChatFromResponses(JsonElement root, EarlierItems earlier, IBufferWriter<byte> chat)
{
    private readonly SortedSet<string> _leftOut = new(StringComparer.Ordinal);

    /// <summary>Fields that no engine is told.</summary>
    public IReadOnlyCollection<string> LeftOut => _leftOut;

    /// <summary>What only OpenAI's own servers do, and no engine can be told: who speaks this API is asked, and nobody else.</summary>
    public Refusal? Inexpressible { get; private set; }

    /// <summary><c>store</c>; <c>null</c>: the request does not say.</summary>
    public bool? Store { get; private set; }

    public bool IsBackground { get; private set; }

    public string? PreviousId { get; private set; }

    public Refusal? Write()
    {
        if (ChatBody.Begin(root, "max_output_tokens", chat) is { } wrong)
        {
            return wrong;
        }

        var turns = new ChatItems(this, chat);
        if ((turns.WriteInstructions(root.Get("instructions"u8)) ?? turns.Write(earlier, root.Get("input"u8))) is { } refusal)
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
        return IsBackground && Store == false
            ? Refusal.BadField("store", "'store' is false and 'background' true; what is answered without its client can only be had from where it is stored.")
            : null;
    }

    public void LeaveOut(string field) => _leftOut.Add(field);

    /// <summary>Only the first is told.</summary>
    public Refusal? LeaveToOpenAi(string param, string message)
    {
        Inexpressible ??= Refusal.BadField(param, message, "unsupported_value");
        return null;
    }

    private Refusal? Write(JsonProperty field)
    {
        var value = field.Value;
        switch (field.Name)
        {
            case "input" or "instructions" or "max_output_tokens" or "metadata" or "stream_options":
                return null;
            case "stream":
                return ChatBody.WriteStream(value, chat);
            case "tools":
                return ChatFunctions.Write(value, this, chat);
            case "tool_choice":
                return ChatFunctions.WriteChoice(value, this, chat);
            case "parallel_tool_calls":
                return ChatFunctions.HasAny(root) ? ChatBody.Copy(field, chat) : null; // OpenAI takes it only beside tools.
            case "text":
                return WriteText(value);
            case "reasoning":
                return WriteReasoning(value);
            case "previous_response_id":
                PreviousId = value.GetString();
                return null;
            case "store" or "background":
                return WriteSwitch(field);
            case "conversation":
                return Refusal.BadField("conversation", "'conversation' names one stored at OpenAI. Use 'previous_response_id', or send the earlier items again in 'input'.", "unsupported_value");
            case "prompt":
                return LeaveToOpenAi("prompt", "'prompt' names a template stored at OpenAI. Send its text in 'instructions' or 'input'.");
            case "top_logprobs" when value.ValueKind == JsonValueKind.Number && value.GetDouble() > 0:
                return LeaveToOpenAi("top_logprobs", "'top_logprobs' is not told in answers of this API. Use /v1/chat/completions with logprobs.");
            case "top_logprobs":
            case "truncation" when value.ValueKind == JsonValueKind.String && value.ValueEquals("disabled"u8):
                return null; // As it is anyway.
            case "include" or "truncation" or "max_tool_calls" or "context_management":
                LeaveOut(field.Name);
                return null;
            default:
                return ChatBody.Copy(field, chat);
        }
    }

    private Refusal? WriteSwitch(JsonProperty field)
    {
        if (field.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            return ChatBody.Wrong(field.Name, field.Value, "true or false");
        }

        var isOn = field.Value.ValueKind == JsonValueKind.True;
        (Store, IsBackground) = field.Name == "store" ? (isOn, IsBackground) : (Store, isOn);
        return null;
    }

    private Refusal? WriteText(JsonElement text)
    {
        if (text.ValueKind != JsonValueKind.Object)
        {
            return ChatBody.Wrong("text", text, "an object");
        }

        if (text.Get("verbosity"u8) is { } verbosity)
        {
            chat.Write(",\"verbosity\":"u8);
            chat.Write(verbosity);
        }

        switch (text.Get("format"u8)?.Type())
        {
            case null or "text":
                return null;
            case "json_object":
                chat.Write(",\"response_format\":{\"type\":\"json_object\"}"u8);
                return null;
            case "json_schema" when text.Get("format"u8)?.Get("schema"u8) is { ValueKind: JsonValueKind.Object }:
                WriteSchema(text.GetProperty("format"u8));
                return null;
            default:
                return ChatBody.Wrong("text.format", text.Get("format"u8), "a format of type text, json_object, or json_schema with a name and a schema");
        }
    }

    private void WriteSchema(JsonElement format)
    {
        chat.Write(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"u8);
        chat.Write(format.GetText("name"u8) is { } name ? name.Raw() : "\"answer\""u8);
        foreach (var member in format.EnumerateObject())
        {
            if (member.Name is "description" or "schema" or "strict" && member.Value.ValueKind != JsonValueKind.Null)
            {
                ChatBody.Copy(member, chat);
            }
        }

        chat.Write("}}"u8);
    }

    private Refusal? WriteReasoning(JsonElement reasoning)
    {
        if (reasoning.ValueKind != JsonValueKind.Object)
        {
            return ChatBody.Wrong("reasoning", reasoning, "an object");
        }

        if (reasoning.Get("effort"u8) is { } effort)
        {
            chat.Write(",\"reasoning_effort\":"u8);
            chat.Write(effort);
        }

        if ((reasoning.Get("summary"u8) ?? reasoning.Get("generate_summary"u8)) is not null)
        {
            LeaveOut("reasoning.summary");
        }

        return null;
    }
}
