using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary><c>instructions</c> and the items of <c>input</c>, said as chat messages. What a model said and the calls that it made are items here and one message there.</summary>
internal sealed class ChatItems(ChatFromResponses request, IBufferWriter<byte> chat)
{
    private readonly List<(JsonElement Part, string Path)> _pictures = [];
    private bool _hasWritten;
    private bool _isAssistant;
    private int _calls;

    public Refusal? WriteInstructions(JsonElement? instructions)
    {
        if (instructions is not { } words)
        {
            return null;
        }

        if (!words.IsText())
        {
            return ChatBody.Wrong("instructions", words, "a string");
        }

        Begin("system"u8);
        chat.Write(words);
        chat.Write("}"u8);
        return null;
    }

    /// <param name="earlier">What was said in the responses that this one goes on from.</param>
    public Refusal? Write(EarlierItems earlier, JsonElement? input)
    {
        foreach (var item in earlier.Items)
        {
            if (item.Type() != "reasoning" && Write(item, "previous_response_id", earlier) is { } refusal)
            {
                return refusal;
            }
        }

        if (input is { ValueKind: JsonValueKind.String } words)
        {
            EndAssistant();
            if (WritePictures() is { } refusal)
            {
                return refusal;
            }

            Begin("user"u8);
            chat.Write(words);
            chat.Write("}"u8);
            return null;
        }

        if (input is not { ValueKind: JsonValueKind.Array } items)
        {
            return ChatBody.Wrong("input", input, "a string or an array of items");
        }

        if (items.GetArrayLength() == 0)
        {
            return Refusal.BadField("input", "'input' is empty; expected at least one item.");
        }

        var place = 0;
        foreach (var item in items.EnumerateArray())
        {
            if (Write(item, $"input[{place++}]", earlier) is { } refusal)
            {
                return refusal;
            }
        }

        EndAssistant();
        return WritePictures();
    }

    private Refusal? Write(JsonElement item, string path, EarlierItems earlier)
    {
        if (item.Type() is not ("function_call_output" or "item_reference" or "reasoning") && WritePictures() is { } refusal)
        {
            return refusal;
        }

        switch (item.Type())
        {
            case "" or "message":
                return WriteMessage(item, path);
            case "function_call":
                return WriteCall(item, path);
            case "function_call_output":
                return WriteResult(item, path);
            case "reasoning":
                request.LeaveOut("input[].reasoning");
                return null;
            case "item_reference":
                return WriteReferred(item, path, earlier);
            default:
                EndAssistant();
                Begin("user"u8);
                chat.Write("\"\"}"u8); // Nobody is sent it.
                return request.LeaveToOpenAi(
                    $"{path}.type", $"'{path}' is of type '{Shown.Of(item.Type())}', which only OpenAI's own servers make; expected message, function_call, function_call_output or reasoning.");
        }
    }

    private Refusal? WriteReferred(JsonElement reference, string path, EarlierItems earlier)
    {
        if (reference.GetText("id"u8)?.GetString() is not { } id)
        {
            return ChatBody.Wrong($"{path}.id", reference.Get("id"u8), "the id of an item of a stored response");
        }

        return earlier.Find(id) is not { } item || item.Type() == "item_reference"
            ? Refusal.BadField($"{path}.id", $"There is no item '{Shown.Of(id)}' here: its response was not stored, was deleted or has expired. Send the item itself.", "item_not_found")
            : item.Type() == "reasoning" ? null
            : Write(item, path, earlier);
    }

    private Refusal? WriteMessage(JsonElement message, string path)
    {
        var content = message.Get("content"u8);
        if (content is not { ValueKind: JsonValueKind.String or JsonValueKind.Array } said)
        {
            return ChatBody.Wrong($"{path}.content", content, "a string or an array of parts");
        }

        switch (message.GetText("role"u8)?.GetString())
        {
            case "assistant":
                EndAssistant();
                Begin("assistant"u8);
                _isAssistant = true;
                return WriteTexts(said, $"{path}.content");
            case "user":
                EndAssistant();
                Begin("user"u8);
                var refusal = said.IsText() ? WriteRaw(said) : new ChatInputParts(request, chat).Write(said, $"{path}.content");
                chat.Write("}"u8);
                return refusal;
            case "system" or "developer":
                EndAssistant();
                Begin("system"u8);
                var refused = WriteTexts(said, $"{path}.content");
                chat.Write("}"u8);
                return refused;
            default:
                return ChatBody.Wrong($"{path}.role", message.Get("role"u8), "\"user\", \"assistant\", \"system\" or \"developer\"");
        }
    }

    private Refusal? WriteCall(JsonElement call, string path)
    {
        if (call.GetText("call_id"u8) is not { } id || call.GetText("name"u8) is not { } name || call.GetText("arguments"u8) is not { } arguments)
        {
            return ChatBody.Wrong(path, call, "a function_call with call_id, name and arguments as strings");
        }

        if (!_isAssistant)
        {
            Begin("assistant"u8);
            chat.Write("null"u8);
            _isAssistant = true;
        }

        chat.Write(_calls++ == 0 ? ",\"tool_calls\":["u8 : ","u8);
        chat.Write("{\"id\":"u8);
        chat.Write(id);
        chat.Write(",\"type\":\"function\",\"function\":{\"name\":"u8);
        chat.Write(name);
        chat.Write(",\"arguments\":"u8);
        chat.Write(arguments);
        chat.Write("}}"u8);
        return null;
    }

    private Refusal? WriteResult(JsonElement result, string path)
    {
        if (result.GetText("call_id"u8) is not { } id)
        {
            return ChatBody.Wrong($"{path}.call_id", result.Get("call_id"u8), "the call_id of the function_call that it answers");
        }

        var output = result.Get("output"u8);
        if (output is not { ValueKind: JsonValueKind.String or JsonValueKind.Array } said)
        {
            return ChatBody.Wrong($"{path}.output", output, "a string or an array of parts");
        }

        EndAssistant();
        Begin("tool"u8);
        var refusal = WriteTexts(said, $"{path}.output", picturesFollow: true);
        chat.Write(",\"tool_call_id\":"u8);
        chat.Write(id);
        chat.Write("}"u8);
        return refusal;
    }

    /// <summary>The words of all parts as one string: many a chat template takes nothing else here.</summary>
    private Refusal? WriteTexts(JsonElement parts, string path, bool picturesFollow = false)
    {
        if (parts.IsText())
        {
            return WriteRaw(parts);
        }

        chat.Write("\""u8);
        var place = 0;
        foreach (var part in parts.EnumerateArray())
        {
            if (picturesFollow && part.Type() is "input_image" or "input_file")
            {
                _pictures.Add((part, $"{path}[{place++}]"));
                continue;
            }

            if ((part.GetText("text"u8) ?? part.GetText("refusal"u8)) is not { } text)
            {
                return ChatBody.Wrong($"{path}[{place}]", part, "a part with text; pictures and files are taken in messages of the user");
            }

            chat.Write(text.Inner());
            place++;
        }

        chat.Write("\""u8);
        return null;
    }

    /// <summary>Pictures and files in results, for which a tool's message has no place: the user shows them, after the last of the results.</summary>
    private Refusal? WritePictures()
    {
        if (_pictures.Count == 0)
        {
            return null;
        }

        EndAssistant();
        Begin("user"u8);
        var refusal = new ChatInputParts(request, chat).Write(_pictures);
        chat.Write("}"u8);
        _pictures.Clear();
        return refusal;
    }

    private Refusal? WriteRaw(JsonElement text)
    {
        chat.Write(text);
        return null;
    }

    private void Begin(ReadOnlySpan<byte> role)
    {
        chat.Write(_hasWritten ? ",{\"role\":\""u8 : "{\"role\":\""u8);
        chat.Write(role);
        chat.Write("\",\"content\":"u8);
        _hasWritten = true;
    }

    private void EndAssistant()
    {
        if (_isAssistant)
        {
            chat.Write(_calls > 0 ? "]}"u8 : "}"u8);
        }

        (_isAssistant, _calls) = (false, 0);
    }
}
