using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary><c>messages</c> → <c>system</c> and turns that alternate between user and assistant.</summary>
/// <remarks>
/// The Messages API wants all results of one turn's tools in the next user turn, before anything else there; no text that is
/// blank; and no blank at the end of an assistant's text that is to be continued.
/// </remarks>
internal sealed class Conversation(MessagesRequest request)
{
    private readonly List<ChatMessage> _messages = [];
    private ChatRole _open;
    private int _turns;

    public SendError? Write()
    {
        if ((ReadMessages() ?? WriteSystem()) is { } refused)
        {
            return refused;
        }

        request.Json.WriteStartArray("messages"u8);
        for (var i = 0; i < _messages.Count;)
        {
            var error = _messages[i].Role switch
            {
                ChatRole.System => Next(ref i),
                ChatRole.Assistant => WriteAssistant(i, IsLast(i)) ?? Next(ref i),
                _ => WriteUserTurn(ref i),
            };
            if (error is not null)
            {
                return error;
            }
        }

        Close();
        request.Json.WriteEndArray();
        return _turns > 0
            ? null
            : request.Refuse("messages", "'messages' has no user's or assistant's message with content; this model's provider answers to at least one. Send what the model is to answer as a user's message.", "invalid_value");
    }

    /// <summary>Goes into the turn that a block belongs to, closing the other's. Nothing is opened before there is a block for it.</summary>
    public void OpenFor(PartPlace place)
    {
        if (place is PartPlace.User)
        {
            Open(ChatRole.User);
        }
        else if (place is PartPlace.Assistant or PartPlace.LastAssistant)
        {
            Open(ChatRole.Assistant);
        }
    }

    private void Open(ChatRole role)
    {
        if (_open == role)
        {
            return;
        }

        Close();
        _open = role;
        _turns++;
        request.Json.WriteStartObject();
        request.Json.WriteString("role"u8, role == ChatRole.Assistant ? "assistant"u8 : "user"u8);
        request.Json.WriteStartArray("content"u8);
    }

    private static SendError? Next(ref int i)
    {
        i++;
        return null;
    }

    private SendError? ReadMessages()
    {
        var whole = request.Fields[ChatField.Messages];
        var reader = JsonBytes.Reader(whole.In(request.Body));
        reader.Read();
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return request.Wrong($"messages[{i}]", JsonBytes.ReadCurrent(ref reader, whole.Start), "a message object");
            }

            var message = ChatMessage.Read(ref reader, whole.Start);
            if (message.Role == ChatRole.Unknown)
            {
                return request.Wrong($"messages[{i}].role", message.RoleValue, "system, developer, user, assistant or tool");
            }

            if (message.FunctionCall.IsPresent)
            {
                return request.Refuse($"messages[{i}].function_call", $"'messages[{i}].function_call' was replaced by 'tool_calls'. Send the call there.");
            }

            _messages.Add(message);
        }

        return null;
    }

    private SendError? WriteSystem()
    {
        var isOpen = false;
        for (var i = 0; i < _messages.Count; i++)
        {
            if (_messages[i].Role != ChatRole.System)
            {
                continue;
            }

            if (!isOpen)
            {
                request.Json.WriteStartArray("system"u8);
                isOpen = true;
            }

            if (ContentParts.Write(request, new FieldPath(i, "content"), _messages[i].Content, PartPlace.System, this) is { } error)
            {
                return error;
            }
        }

        if (isOpen)
        {
            request.Json.WriteEndArray();
        }

        return null;
    }

    /// <summary>All messages up to the assistant's next: the tools' results first.</summary>
    private SendError? WriteUserTurn(ref int i)
    {
        var end = i;
        while (end < _messages.Count && _messages[end].Role != ChatRole.Assistant)
        {
            end++;
        }

        var start = i;
        i = end;
        for (var at = start; at < end; at++)
        {
            if (_messages[at].Role == ChatRole.Tool && WriteToolResult(at) is { } error)
            {
                return error;
            }
        }

        for (var at = start; at < end; at++)
        {
            if (_messages[at].Role == ChatRole.User && WriteUser(at) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private SendError? WriteUser(int i)
    {
        var content = _messages[i].Content;
        return content.IsPresent
            ? ContentParts.Write(request, new FieldPath(i, "content"), content, PartPlace.User, this)
            : request.Wrong($"messages[{i}].content", content, "a string or an array of parts");
    }

    private SendError? WriteToolResult(int i)
    {
        var message = _messages[i];
        if (!JsonBytes.IsString(message.ToolCallId.In(request.Body)))
        {
            return request.Wrong($"messages[{i}].tool_call_id", message.ToolCallId, "the id of the tool call that this is the result of");
        }

        Open(ChatRole.User);
        var json = request.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_result"u8);
        json.WritePropertyName("tool_use_id"u8);
        ToolIds.Write(request, message.ToolCallId);
        SendError? error = null;
        var content = message.Content.In(request.Body);
        if (JsonBytes.IsString(content))
        {
            if (!JsonBytes.IsBlank(content))
            {
                request.WriteRaw("content"u8, message.Content);
            }
        }
        else if (message.Content.IsPresent)
        {
            json.WriteStartArray("content"u8);
            error = ContentParts.Write(request, new FieldPath(i, "content"), message.Content, PartPlace.ToolResult, this);
            json.WriteEndArray();
        }

        if (message.CacheControl.IsPresent)
        {
            request.WriteRaw("cache_control"u8, message.CacheControl);
        }

        json.WriteEndObject();
        return error;
    }

    private SendError? WriteAssistant(int i, bool isLast)
    {
        var message = _messages[i];
        WriteThinking(message.ThinkingBlocks);
        var place = isLast && !message.ToolCalls.IsPresent ? PartPlace.LastAssistant : PartPlace.Assistant;
        return (message.Content.IsPresent ? ContentParts.Write(request, new FieldPath(i, "content"), message.Content, place, this) : null)
            ?? (message.Refusal.IsPresent ? ContentParts.Write(request, new FieldPath(i, "refusal"), message.Refusal, place, this) : null)
            ?? (message.ToolCalls.IsPresent ? ToolCalls.Write(request, i, message.ToolCalls, this) : null);
    }

    /// <summary>Thoughts that carry the API's seal go back as they came; what has none, or is no thought, it would refuse.</summary>
    private void WriteThinking(ByteRange blocks)
    {
        if (!JsonBytes.IsArray(blocks.In(request.Body)))
        {
            return;
        }

        var reader = JsonBytes.Reader(blocks.In(request.Body));
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var block = JsonBytes.ReadCurrent(ref reader, blocks.Start);
            if (IsSealed(block.In(request.Body)))
            {
                Open(ChatRole.Assistant);
                request.WriteRaw(block);
            }
        }
    }

    private static bool IsSealed(ReadOnlySpan<byte> block)
    {
        if (!JsonBytes.IsObject(block))
        {
            return false;
        }

        ByteRange type = default, signature = default, data = default;
        var reader = JsonBytes.Reader(block);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = JsonBytes.ReadValue(ref reader, offset: 0);
            }
            else if (reader.ValueTextEquals("signature"u8))
            {
                signature = JsonBytes.ReadValue(ref reader, offset: 0);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                data = JsonBytes.ReadValue(ref reader, offset: 0);
            }
            else
            {
                reader.Skip();
            }
        }

        var seal = JsonBytes.Says(type.In(block), "thinking"u8) ? signature : JsonBytes.Says(type.In(block), "redacted_thinking"u8) ? data : default;
        return seal.Length > 2 && JsonBytes.IsString(seal.In(block));
    }

    private bool IsLast(int i)
    {
        for (var next = i + 1; next < _messages.Count; next++)
        {
            if (_messages[next].Role != ChatRole.System)
            {
                return false;
            }
        }

        return true;
    }

    private void Close()
    {
        if (_open != ChatRole.Unknown)
        {
            request.Json.WriteEndArray();
            request.Json.WriteEndObject();
            _open = ChatRole.Unknown;
        }
    }
}
