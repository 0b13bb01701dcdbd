using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>An assistant's <c>tool_calls</c> → <c>tool_use</c> blocks: the arguments become an object out of a string.</summary>
internal static class ToolCalls
{
    public static SendError? Write(MessagesRequest request, int message, ByteRange calls, Conversation conversation)
    {
        var path = new FieldPath(message, "tool_calls");
        if (!JsonBytes.IsArray(calls.In(request.Body)))
        {
            return request.Wrong($"{path}", calls, "an array of tool calls");
        }

        var reader = JsonBytes.Reader(calls.In(request.Body));
        reader.Read();
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return request.Wrong($"{path}[{i}]", JsonBytes.ReadCurrent(ref reader, calls.Start), "a tool call object");
            }

            ByteRange id = default, name = default, arguments = default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    id = JsonBytes.ReadValue(ref reader, calls.Start);
                }
                else if (reader.ValueTextEquals("function"u8))
                {
                    reader.Read();
                    (name, arguments) = ReadFunction(ref reader, calls.Start);
                }
                else
                {
                    reader.Skip();
                }
            }

            if (WriteOne(request, path with { Part = i }, id, name, arguments, conversation) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static (ByteRange Name, ByteRange Arguments) ReadFunction(ref Utf8JsonReader reader, int offset)
    {
        ByteRange name = default, arguments = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = JsonBytes.ReadValue(ref reader, offset);
            }
            else if (reader.ValueTextEquals("arguments"u8))
            {
                arguments = JsonBytes.ReadValue(ref reader, offset);
            }
            else
            {
                reader.Skip();
            }
        }

        return (name, arguments);
    }

    private static SendError? WriteOne(MessagesRequest request, FieldPath path, ByteRange id, ByteRange name, ByteRange arguments, Conversation conversation)
    {
        if (!JsonBytes.IsString(id.In(request.Body)))
        {
            return request.Wrong($"{path}.id", id, "the call's id");
        }

        if (!JsonBytes.IsString(name.In(request.Body)))
        {
            return request.Wrong($"{path}.function.name", name, "the name of a function");
        }

        conversation.OpenFor(PartPlace.Assistant);
        var json = request.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "tool_use"u8);
        json.WritePropertyName("id"u8);
        ToolIds.Write(request, id);
        request.WriteRaw("name"u8, name);
        json.WritePropertyName("input"u8);
        var error = WriteInput(request, path, arguments);
        json.WriteEndObject();
        return error;
    }

    /// <remarks>A function without parameters is called with an empty string by some models.</remarks>
    private static SendError? WriteInput(MessagesRequest request, FieldPath path, ByteRange arguments)
    {
        if (!arguments.IsPresent || (JsonBytes.IsString(arguments.In(request.Body)) && JsonBytes.IsBlank(arguments.In(request.Body))))
        {
            request.Json.WriteRawValue("{}"u8, skipInputValidation: true);
            return null;
        }

        if (!JsonBytes.IsString(arguments.In(request.Body)))
        {
            return request.Wrong($"{path}.function.arguments", arguments, "a string that holds a JSON object");
        }

        using var text = new UnescapedString(arguments.In(request.Body));
        if (!IsJsonObject(text.Bytes))
        {
            request.Json.WriteNullValue();
            return request.Refuse(
                $"{path}.function.arguments",
                $"'{path}.function.arguments' is {JsonBytes.Show(arguments.In(request.Body))}; this model's provider takes calls whose arguments are a JSON object. Correct them, or leave out the call and its result.",
                "invalid_value");
        }

        request.Json.WriteRawValue(text.Bytes, skipInputValidation: true);
        return null;
    }

    private static bool IsJsonObject(ReadOnlySpan<byte> text)
    {
        var reader = JsonBytes.Reader(text);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>Ids of tool calls. The Messages API takes letters, digits, _ and - only; other engines make other ids.</summary>
internal static class ToolIds
{
    private static readonly SearchValues<byte> Taken = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"u8);

    public static void Write(MessagesRequest request, ByteRange id)
    {
        var value = id.In(request.Body);
        if (value[1..^1] is { IsEmpty: false } text && !text.ContainsAnyExcept(Taken))
        {
            request.WriteRaw(id);
            return;
        }

        // The call and its result get the same id, since both come from the same text.
        request.Json.WriteStringValue(string.Create(JsonBytes.Text(value).Length + 1, JsonBytes.Text(value), static (characters, source) =>
        {
            characters[0] = '_';
            for (var i = 0; i < source.Length; i++)
            {
                characters[i + 1] = char.IsAsciiLetterOrDigit(source[i]) || source[i] is '_' or '-' ? source[i] : '_';
            }
        }));
    }
}
