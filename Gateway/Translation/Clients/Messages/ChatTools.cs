using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary><c>tools</c> and <c>tool_choice</c> of the Messages API, said as functions.</summary>
internal sealed class ChatTools(ChatFromMessages request, IBufferWriter<byte> chat)
{
    public Refusal? Write(JsonElement tools)
    {
        if (tools.ValueKind != JsonValueKind.Array)
        {
            return ChatBody.Wrong("tools", tools, "an array of tools");
        }

        if (tools.GetArrayLength() == 0)
        {
            return null; // OpenAI refuses an empty list.
        }

        chat.Write(",\"tools\":["u8);
        var place = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            chat.Write(place > 0 ? ","u8 : default);
            if (Write(tool, $"tools[{place}]") is { } refusal)
            {
                return refusal;
            }

            place++;
        }

        chat.Write("]"u8);
        return null;
    }

    public static Refusal? WriteChoice(JsonElement choice, IBufferWriter<byte> chat)
    {
        switch (choice.Type())
        {
            case "auto":
                chat.Write(",\"tool_choice\":\"auto\""u8);
                break;
            case "any":
                chat.Write(",\"tool_choice\":\"required\""u8);
                break;
            case "none":
                chat.Write(",\"tool_choice\":\"none\""u8);
                break;
            case "tool" when choice.GetText("name"u8) is { } name:
                chat.Write(",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":"u8);
                chat.Write(name);
                chat.Write("}}"u8);
                break;
            default:
                return ChatBody.Wrong("tool_choice", choice, "{\"type\": \"auto\"}, \"any\", \"none\", or \"tool\" with a name");
        }

        chat.Write(choice.Get("disable_parallel_tool_use"u8) is { ValueKind: JsonValueKind.True } ? ",\"parallel_tool_calls\":false"u8 : default);
        return null;
    }

    private Refusal? Write(JsonElement tool, string path)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            return ChatBody.Wrong(path, tool, "a tool with a name and an input_schema");
        }

        if (tool.Type() is not ("" or "custom"))
        {
            chat.Write("{}"u8);
            return request.Unsupported($"{path}.type", $"The tool of type '{Shown.Of(tool.Type())}'");
        }

        if (tool.GetText("name"u8) is not { } name)
        {
            return ChatBody.Wrong($"{path}.name", tool.Get("name"u8), "the tool's name as a string");
        }

        if (tool.Get("input_schema"u8) is not { ValueKind: JsonValueKind.Object } schema)
        {
            return ChatBody.Wrong($"{path}.input_schema", tool.Get("input_schema"u8), "a JSON schema as an object");
        }

        chat.Write("{\"type\":\"function\",\"function\":{\"name\":"u8);
        chat.Write(name);
        if (tool.GetText("description"u8) is { } description)
        {
            chat.Write(",\"description\":"u8);
            chat.Write(description);
        }

        if (tool.Get("strict"u8) is { ValueKind: JsonValueKind.True or JsonValueKind.False } strict)
        {
            chat.Write(",\"strict\":"u8);
            chat.Write(strict);
        }

        chat.Write(",\"parameters\":"u8);
        chat.Write(schema);
        chat.Write("}}"u8);
        if (tool.Get("cache_control"u8) is not null)
        {
            request.LeaveOut("cache_control");
        }

        return null;
    }
}
