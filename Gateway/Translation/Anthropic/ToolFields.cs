using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary><c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
internal static class ToolFields
{
    public static SendError? Write(MessagesRequest request)
    {
        var tools = request.Fields[ChatField.Tools];
        var value = tools.In(request.Body);
        if (tools.IsPresent && !JsonBytes.IsArray(value))
        {
            return request.Wrong("tools", tools, "an array of tools");
        }

        var count = 0;
        if (tools.IsPresent)
        {
            var reader = JsonBytes.Reader(value);
            reader.Read();
            for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
            {
                if (count == 0)
                {
                    request.Json.WriteStartArray("tools"u8);
                }

                if (WriteTool(request, count, JsonBytes.ReadCurrent(ref reader, tools.Start)) is { } error)
                {
                    return error;
                }
            }

            if (count > 0)
            {
                request.Json.WriteEndArray();
            }
        }

        return WriteChoice(request, count > 0);
    }

    private static SendError? WriteTool(MessagesRequest request, int index, ByteRange tool)
    {
        var body = request.Body;
        ByteRange type = default, function = default, cacheControl = default;
        if (JsonBytes.IsObject(tool.In(body)))
        {
            var reader = JsonBytes.Reader(tool.In(body));
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    type = JsonBytes.ReadValue(ref reader, tool.Start);
                }
                else if (reader.ValueTextEquals("function"u8))
                {
                    function = JsonBytes.ReadValue(ref reader, tool.Start);
                }
                else if (reader.ValueTextEquals("cache_control"u8))
                {
                    cacheControl = JsonBytes.ReadValue(ref reader, tool.Start);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        if (!JsonBytes.Says(type.In(body), "function"u8))
        {
            return request.Refuse(
                $"tools[{index}].type",
                $"'tools[{index}].type' is {(type.IsPresent ? JsonBytes.Show(type.In(body)) : "missing")}; this model's provider takes function here. Describe the tool as a function with parameters.");
        }

        if (!JsonBytes.IsObject(function.In(body)))
        {
            return request.Wrong($"tools[{index}].function", function, "an object with name and parameters");
        }

        return WriteFunction(request, index, function, cacheControl);
    }

    private static SendError? WriteFunction(MessagesRequest request, int index, ByteRange function, ByteRange cacheControl)
    {
        var json = request.Json;
        ByteRange name = default, parameters = default, description = default, strict = default;
        var reader = JsonBytes.Reader(function.In(request.Body));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = JsonBytes.ReadValue(ref reader, function.Start);
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                parameters = JsonBytes.ReadValue(ref reader, function.Start);
            }
            else if (reader.ValueTextEquals("description"u8))
            {
                description = JsonBytes.ReadValue(ref reader, function.Start);
            }
            else if (reader.ValueTextEquals("strict"u8))
            {
                strict = JsonBytes.ReadValue(ref reader, function.Start);
            }
            else
            {
                reader.Skip();
            }
        }

        if (!JsonBytes.IsString(name.In(request.Body)))
        {
            return request.Wrong($"tools[{index}].function.name", name, "the name of a function");
        }

        json.WriteStartObject();
        request.WriteRaw("name"u8, name);
        if (description.IsPresent)
        {
            request.WriteRaw("description"u8, description);
        }

        json.WritePropertyName("input_schema"u8);
        WriteSchema(request, parameters);
        if (strict.In(request.Body) is [(byte)'t', ..])
        {
            json.WriteBoolean("strict"u8, true);
        }

        if (cacheControl.IsPresent)
        {
            request.WriteRaw("cache_control"u8, cacheControl);
        }

        json.WriteEndObject();
        return null;
    }

    /// <summary>The Messages API wants a schema, and one that says "object"; OpenAI's takes none, and one that says nothing.</summary>
    private static void WriteSchema(MessagesRequest request, ByteRange parameters)
    {
        if (!JsonBytes.IsObject(parameters.In(request.Body)))
        {
            request.Json.WriteRawValue("""{"type":"object","properties":{}}"""u8, skipInputValidation: true);
            return;
        }

        var reader = JsonBytes.Reader(parameters.In(request.Body));
        reader.Read();
        var hasType = false;
        while (!hasType && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            hasType = reader.ValueTextEquals("type"u8);
            reader.Skip();
        }

        if (hasType)
        {
            request.WriteRaw(parameters);
            return;
        }

        request.Json.WriteStartObject();
        request.Json.WriteString("type"u8, "object"u8);
        reader = JsonBytes.Reader(parameters.In(request.Body));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            request.Json.WritePropertyName(reader.GetString()!);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            request.WriteRaw(new ByteRange(parameters.Start + start, (int)reader.BytesConsumed - start));
        }

        request.Json.WriteEndObject();
    }

    private static SendError? WriteChoice(MessagesRequest request, bool hasTools)
    {
        var choice = request.Fields[ChatField.ToolChoice];
        var value = choice.In(request.Body);
        var isSerial = request.Value(ChatField.ParallelToolCalls) is [(byte)'f', ..];
        if (!choice.IsPresent || JsonBytes.Says(value, "auto"u8))
        {
            if (hasTools && (isSerial || choice.IsPresent))
            {
                WriteChoice(request, "auto"u8, default, isSerial);
            }

            return null;
        }

        if (JsonBytes.Says(value, "none"u8))
        {
            if (hasTools)
            {
                WriteChoice(request, "none"u8, default, isSerial: false);
            }

            return null;
        }

        if (!hasTools)
        {
            return request.Refuse("tool_choice", $"'tool_choice' is {JsonBytes.Show(value)}, and there are no tools to choose from. Send 'tools', or leave it out.", "invalid_value");
        }

        if (JsonBytes.Says(value, "required"u8))
        {
            WriteChoice(request, "any"u8, default, isSerial);
            return null;
        }

        if (!JsonBytes.IsObject(value) || FunctionOf(request, choice) is not { IsPresent: true } name)
        {
            return request.Refuse(
                "tool_choice",
                $"'tool_choice' is {JsonBytes.Show(value)}; this model's provider takes none, auto, required or {{\"type\": \"function\", \"function\": {{\"name\": \"…\"}}}}. Choose one of these.");
        }

        WriteChoice(request, "tool"u8, name, isSerial);
        return null;
    }

    private static void WriteChoice(MessagesRequest request, ReadOnlySpan<byte> type, ByteRange name, bool isSerial)
    {
        request.Json.WriteStartObject("tool_choice"u8);
        request.Json.WriteString("type"u8, type);
        if (name.IsPresent)
        {
            request.WriteRaw("name"u8, name);
        }

        if (isSerial)
        {
            request.Json.WriteBoolean("disable_parallel_tool_use"u8, true);
        }

        request.Json.WriteEndObject();
    }

    /// <summary>The name in <c>{"type":"function","function":{"name":…}}</c>.</summary>
    private static ByteRange FunctionOf(MessagesRequest request, ByteRange choice)
    {
        var reader = JsonBytes.Reader(choice.In(request.Body));
        var isInFunction = false;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == 1)
            {
                isInFunction = reader.ValueTextEquals("function"u8);
            }
            else if (isInFunction && reader.CurrentDepth == 2 && reader.ValueTextEquals("name"u8))
            {
                var name = JsonBytes.ReadValue(ref reader, choice.Start);
                return JsonBytes.IsString(name.In(request.Body)) ? name : default;
            }
        }

        return default;
    }
}
