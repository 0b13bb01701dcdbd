using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary><c>tools</c> and <c>tool_choice</c> of the Responses API, said as chat's.</summary>
internal static class ChatFunctions
{
    public static bool HasAny(JsonElement root) => root.Get("tools"u8) is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0;

    public static Refusal? Write(JsonElement tools, ChatFromResponses request, IBufferWriter<byte> chat)
    {
        if (tools.ValueKind != JsonValueKind.Array)
        {
            return ChatBody.Wrong("tools", tools, "an array of tools");
        }

        if (tools.GetArrayLength() == 0)
        {
            return null; // OpenAI refuses an empty list there.
        }

        chat.Write(",\"tools\":["u8);
        var place = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            chat.Write(place > 0 ? ","u8 : default);
            if (Write(tool, $"tools[{place++}]", request, chat) is { } refusal)
            {
                return refusal;
            }
        }

        chat.Write("]"u8);
        return null;
    }

    public static Refusal? WriteChoice(JsonElement choice, ChatFromResponses request, IBufferWriter<byte> chat)
    {
        chat.Write(",\"tool_choice\":"u8);
        if (choice.IsText() && (choice.ValueEquals("auto"u8) || choice.ValueEquals("none"u8) || choice.ValueEquals("required"u8)))
        {
            chat.Write(choice);
            return null;
        }

        if (choice.Type() is not ("" or "function"))
        {
            chat.Write("\"auto\""u8);
            return request.LeaveToOpenAi("tool_choice", $"'tool_choice' is of type '{Shown.Of(choice.Type())}', which OpenAI's own servers know; here it is \"auto\", \"none\", \"required\" or a function.");
        }

        if (choice.Type() != "function" || choice.GetText("name"u8) is not { } name)
        {
            return ChatBody.Wrong("tool_choice", choice, "\"auto\", \"none\", \"required\", or {\"type\": \"function\", \"name\": \"...\"}");
        }

        chat.Write("{\"type\":\"function\",\"function\":{\"name\":"u8);
        chat.Write(name);
        chat.Write("}}"u8);
        return null;
    }

    private static Refusal? Write(JsonElement tool, string path, ChatFromResponses request, IBufferWriter<byte> chat)
    {
        if (tool.Type() is not ("" or "function"))
        {
            chat.Write("{}"u8);
            return request.LeaveToOpenAi(
                $"{path}.type", $"'{path}' is a tool of type '{Shown.Of(tool.Type())}', which OpenAI's own servers run; here functions are served, which your application runs.");
        }

        if (tool.Type().Length == 0)
        {
            return ChatBody.Wrong($"{path}.type", tool.Get("type"u8), "\"function\"");
        }

        if (tool.GetText("name"u8) is not { } name)
        {
            return ChatBody.Wrong($"{path}.name", tool.Get("name"u8), "the function's name as a string");
        }

        chat.Write("{\"type\":\"function\",\"function\":{\"name\":"u8);
        chat.Write(name);
        foreach (var member in tool.EnumerateObject())
        {
            if (member.Name is "description" or "parameters" or "strict" && member.Value.ValueKind != JsonValueKind.Null)
            {
                ChatBody.Copy(member, chat);
            }
        }

        chat.Write("}}"u8);
        return null;
    }
}
