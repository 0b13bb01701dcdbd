using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>
/// <c>system</c> and <c>messages</c> of the Messages API, said as chat messages. A turn of the user may become several: results of tools stand in messages of their own
/// there, before whatever else the user says.
/// </summary>
internal sealed class ChatTurns(ChatFromMessages request, IBufferWriter<byte> chat)
{
    private bool _hasWritten;

    public Refusal? WriteSystem(JsonElement? system, string path = "system")
    {
        if (system is not { } words)
        {
            return null;
        }

        if (words.IsText())
        {
            Begin("system"u8);
            chat.Write(words);
            chat.Write("}"u8);
            return null;
        }

        if (words.ValueKind != JsonValueKind.Array)
        {
            return ChatBody.Wrong(path, words, "a string or an array of text blocks");
        }

        if (words.GetArrayLength() == 0)
        {
            return null;
        }

        Begin("system"u8);
        var refusal = WriteTexts(words, path);
        chat.Write("}"u8);
        return refusal;
    }

    public Refusal? Write(JsonElement? messages)
    {
        if (messages is not { ValueKind: JsonValueKind.Array } list)
        {
            return ChatBody.Wrong("messages", messages, "an array of messages");
        }

        if (list.GetArrayLength() == 0)
        {
            return Refusal.BadField("messages", "'messages' is empty; expected at least one message.");
        }

        var place = 0;
        foreach (var message in list.EnumerateArray())
        {
            if (Write(message, $"messages[{place++}]") is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    private Refusal? Write(JsonElement message, string path)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            return ChatBody.Wrong(path, message, "a message with a role and content");
        }

        var content = message.Get("content"u8);
        if (content is not { ValueKind: JsonValueKind.String or JsonValueKind.Array } said || (!said.IsText() && said.GetArrayLength() == 0))
        {
            return ChatBody.Wrong($"{path}.content", content, "a string or an array of at least one content block");
        }

        return message.GetText("role"u8)?.GetString() switch
        {
            "user" => WriteUser(said, $"{path}.content"),
            "assistant" => WriteAssistant(said, $"{path}.content"),
            "system" => WriteSystem(said, $"{path}.content"), // Where it stands: Anthropic's own coding client has them in the middle.
            _ => ChatBody.Wrong($"{path}.role", message.Get("role"u8), "\"user\", \"assistant\" or \"system\""),
        };
    }

    private Refusal? WriteUser(JsonElement content, string path)
    {
        if (content.IsText())
        {
            Begin("user"u8);
            chat.Write(content);
            chat.Write("}"u8);
            return null;
        }

        var rest = 0;
        var i = -1;
        foreach (var block in content.EnumerateArray())
        {
            i++;
            if (block.Type() != "tool_result")
            {
                rest++;
            }
            else if (WriteResult(block, $"{path}[{i}]") is { } refusal)
            {
                return refusal;
            }
        }

        return rest > 0 || HasPictures(content) ? WriteParts(content, path) : null;
    }

    /// <summary>What the user says beside results, and the pictures in those, for which a tool's message has no place.</summary>
    private Refusal? WriteParts(JsonElement content, string path)
    {
        Begin("user"u8);
        chat.Write("["u8);
        var parts = new ChatParts(request, chat);
        var i = -1;
        foreach (var block in content.EnumerateArray())
        {
            i++;
            var refusal = block.Type() == "tool_result" ? WritePictures(parts, block, $"{path}[{i}].content") : parts.Write(block, $"{path}[{i}]");
            if (refusal is not null)
            {
                return refusal;
            }
        }

        chat.Write("]}"u8);
        return null;
    }

    private Refusal? WriteResult(JsonElement result, string path)
    {
        if (result.GetText("tool_use_id"u8) is not { } id)
        {
            return ChatBody.Wrong($"{path}.tool_use_id", result.Get("tool_use_id"u8), "the id of the tool_use that it answers");
        }

        if (result.Get("cache_control"u8) is not null)
        {
            request.LeaveOut("cache_control");
        }

        var content = result.Get("content"u8);
        if (content is { ValueKind: not (JsonValueKind.String or JsonValueKind.Array) })
        {
            return ChatBody.Wrong($"{path}.content", content, "a string or an array of content blocks");
        }

        Begin("tool"u8);
        var prefix = result.Get("is_error"u8) is { ValueKind: JsonValueKind.True } ? "Error: "u8 : default;
        var refusal = content is { ValueKind: JsonValueKind.Array } blocks ? WriteTexts(blocks, $"{path}.content", prefix, picturesFollow: true) : WriteText(content, prefix);
        chat.Write(",\"tool_call_id\":"u8);
        chat.Write(id);
        chat.Write("}"u8);
        return refusal;
    }

    private Refusal? WriteText(JsonElement? text, ReadOnlySpan<byte> prefix)
    {
        chat.Write("\""u8);
        chat.Write(prefix);
        chat.Write(text is { } words ? words.Inner() : default);
        chat.Write("\""u8);
        return null;
    }

    private Refusal? WriteAssistant(JsonElement content, string path)
    {
        Begin("assistant"u8);
        if (content.IsText())
        {
            chat.Write(content);
            chat.Write("}"u8);
            return null;
        }

        var hasText = false;
        foreach (var block in content.EnumerateArray())
        {
            hasText |= block.Type() == "text";
        }

        if (!hasText)
        {
            chat.Write("null"u8);
        }
        else if (WriteTexts(content, path, isAssistant: true) is { } refusal)
        {
            return refusal;
        }

        var calls = 0;
        var place = 0;
        foreach (var block in content.EnumerateArray())
        {
            if (WriteCall(block, $"{path}[{place++}]", ref calls) is { } refused)
            {
                return refused;
            }
        }

        chat.Write(calls > 0 ? "]}"u8 : "}"u8);
        return null;
    }

    private Refusal? WriteCall(JsonElement block, string path, ref int calls)
    {
        switch (block.Type())
        {
            case "text":
                return null;
            case "thinking" or "redacted_thinking":
                request.LeaveOut("messages[].content[].thinking");
                return null;
            case "tool_use":
                break;
            default:
                return request.Unsupported($"{path}.type", $"A content block of type '{Shown.Of(block.Type())}' in an assistant's message");
        }

        if (block.GetText("id"u8) is not { } id || block.GetText("name"u8) is not { } name)
        {
            return ChatBody.Wrong(path, block, "a tool_use with an id, a name and an input");
        }

        chat.Write(calls++ == 0 ? ",\"tool_calls\":["u8 : ","u8);
        chat.Write("{\"id\":"u8);
        chat.Write(id);
        chat.Write(",\"type\":\"function\",\"function\":{\"name\":"u8);
        chat.Write(name);
        chat.Write(",\"arguments\":"u8);
        JsonBytes.WriteQuoted(block.Get("input"u8) is { } input ? input.Raw() : "{}"u8, chat);
        chat.Write("}}"u8);
        return null;
    }

    /// <summary>The words of all text blocks as one string: many a chat template takes nothing else here.</summary>
    private Refusal? WriteTexts(JsonElement blocks, string path, ReadOnlySpan<byte> prefix = default, bool picturesFollow = false, bool isAssistant = false)
    {
        chat.Write("\""u8);
        chat.Write(prefix);
        var count = 0;
        var i = -1;
        foreach (var block in blocks.EnumerateArray())
        {
            i++;
            if (block.Get("cache_control"u8) is not null)
            {
                request.LeaveOut("cache_control");
            }

            if (block.Type() == "text" && block.GetText("text"u8) is { } text)
            {
                chat.Write(count++ > 0 ? "\\n"u8 : default);
                chat.Write(text.Inner());
            }
            else if (block.Type() is "" or "text")
            {
                return ChatBody.Wrong($"{path}[{i}]", block, "a block of type text with its text");
            }
            else if (!isAssistant && !(picturesFollow && block.Type() == "image"))
            {
                request.Unsupported($"{path}[{i}].type", $"A content block of type '{Shown.Of(block.Type())}' here");
            }
        }

        chat.Write("\""u8);
        return null;
    }

    private static bool HasPictures(JsonElement content)
    {
        foreach (var block in content.EnumerateArray())
        {
            if (block.Get("content"u8) is { ValueKind: JsonValueKind.Array } result)
            {
                foreach (var part in result.EnumerateArray())
                {
                    if (part.Type() == "image")
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private static Refusal? WritePictures(ChatParts parts, JsonElement result, string path)
    {
        if (result.Get("content"u8) is not { ValueKind: JsonValueKind.Array } content)
        {
            return null;
        }

        var i = 0;
        foreach (var block in content.EnumerateArray())
        {
            if (block.Type() == "image" && parts.Write(block, $"{path}[{i}]") is { } refusal)
            {
                return refusal;
            }

            i++;
        }

        return null;
    }

    private void Begin(ReadOnlySpan<byte> role)
    {
        chat.Write(_hasWritten ? ",{\"role\":\""u8 : "{\"role\":\""u8);
        chat.Write(role);
        chat.Write("\",\"content\":"u8);
        _hasWritten = true;
    }
}
