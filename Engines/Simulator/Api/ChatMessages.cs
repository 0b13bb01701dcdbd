using System.Text;
using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>Reads <c>messages</c>: text or parts, images by URL or data, tool calls of earlier turns.</summary>
internal static class ChatMessages
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool"];

    public static IReadOnlyList<ChatMessage> Read(Fields body, bool seesImages)
    {
        var messages = new List<ChatMessage>();
        if (body.Array("messages") is not { } array)
        {
            if (body.Any("messages") is null)
            {
                body.Fault("messages", "a list of at least one message; the field is missing");
            }

            return messages;
        }

        if (array.GetArrayLength() == 0)
        {
            body.Fault("messages", "a list of at least one message, got an empty one");
        }

        foreach (var (index, item) in array.EnumerateArray().Index())
        {
            var name = $"messages[{index}]";
            if (item.ValueKind == JsonValueKind.Object)
            {
                messages.Add(ReadMessage(body.Inner(item, name), seesImages));
            }
            else
            {
                body.Fault(name, "an object with role and content", item);
            }
        }

        return messages;
    }

    private static ChatMessage ReadMessage(Fields message, bool seesImages)
    {
        var role = message.Text("role");
        if (role is null || !Roles.Contains(role))
        {
            message.Fault("role", $"one of {string.Join(", ", Roles)}", message.Any("role"));
        }

        var calls = ReadToolCalls(message);
        var images = new List<ulong>();
        var text = message.Any("content") switch
        {
            { ValueKind: JsonValueKind.Array } parts => ReadParts(message, parts, images, seesImages),
            null when role != "assistant" => Missing(message),
            _ => message.Text("content") ?? "",
        };
        return new ChatMessage(role ?? "user", text, images, calls);
    }

    private static string Missing(Fields message)
    {
        message.Fault("content", "a string or a list of parts; the field is missing");
        return "";
    }

    private static string ReadParts(Fields message, JsonElement parts, List<ulong> images, bool seesImages)
    {
        var text = new StringBuilder();
        foreach (var (index, part) in parts.EnumerateArray().Index())
        {
            var name = $"content[{index}]";
            var fields = message.Inner(part, name);
            switch (fields.Text("type"))
            {
                case "text" or "input_text" or "refusal":
                    text.Append(text.Length > 0 ? "\n" : "").Append(fields.Text("text") ?? fields.Text("refusal") ?? "");
                    break;
                case "image_url" when seesImages:
                    images.Add(StableHash.Add(0, ImageUrl(fields)));
                    break;
                case "image_url":
                    message.Fault(name, "text: this model does not see images; a model of type multimodal does");
                    break;
                default:
                    message.Fault($"{name}.type", "one of text, image_url", fields.Any("type"));
                    break;
            }
        }

        return text.ToString();
    }

    private static string ImageUrl(Fields part)
    {
        var image = part.Any("image_url");
        var url = image is { ValueKind: JsonValueKind.Object } wrapper ? part.Inner(wrapper, "image_url").Text("url") : part.Text("image_url");
        var isKnown = url is not null && (url.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase)
            || url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
        if (!isKnown)
        {
            part.Fault("image_url.url", "an http(s) URL or a data:image/... URL");
        }

        return url ?? "";
    }

    private static IReadOnlyList<ToolCall> ReadToolCalls(Fields message)
    {
        if (message.Array("tool_calls") is not { } array)
        {
            return [];
        }

        var calls = new List<ToolCall>();
        foreach (var (index, item) in array.EnumerateArray().Index())
        {
            var call = message.Inner(item, $"tool_calls[{index}]");
            if (call.Object("function") is { } function && call.Inner(function, "function") is var fields && fields.Text("name") is { } name)
            {
                calls.Add(new ToolCall(call.Text("id") ?? "", name, fields.Text("arguments") ?? "{}"));
            }
            else
            {
                call.Fault("function.name", "the name of the function that was called");
            }
        }

        return calls;
    }
}
