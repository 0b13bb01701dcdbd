using System.Text.Json;
using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>A message of a chat, whose content is one text however it was written.</summary>
internal sealed class RequestTurn(TransformRequest request, JsonElement message, int place)
{
    public static readonly ObjectType<RequestTurn> Type = new ObjectType<RequestTurn>("turn")
        .Member("role", ExpressionType.String, turn => turn.String("role") ?? "")
        .Member("text", ExpressionType.String, turn => turn.Text)
        .Member("images", ExpressionType.List(ExpressionType.String), turn => turn.Images)
        .Member("name", ExpressionType.Dyn, turn => turn.String("name"))
        .Member("tool_calls", ExpressionType.List(RequestToolCall.Type), turn => turn.ToolCalls)
        .Member("tool_call_id", ExpressionType.Dyn, turn => turn.String("tool_call_id"))
        .Member("tool_name", ExpressionType.Dyn, turn => turn.ToolName)
        .Member("json", ExpressionType.Dyn, turn => turn.Json);

    private bool _readImages;
    private bool _readCalls;
    private bool _isRaw;

    /// <summary>Something that is neither text nor was looked for.</summary>
    public string? UnreadPart => Parts
        .Select(part => part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null)
        .FirstOrDefault(type => type is not ("text" or "refusal" or "thinking") && !(type == "image_url" && _readImages) && !_isRaw);

    /// <summary>Calls of tools that were not looked for.</summary>
    public bool HasUnreadCalls => !_readCalls && !_isRaw && message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0;

    private Value Json
    {
        get
        {
            _isRaw = true;
            return Value.Json(message);
        }
    }

    private IEnumerable<JsonElement> Parts => message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
        ? content.EnumerateArray().Where(part => part.ValueKind == JsonValueKind.Object)
        : [];

    private Value Text => message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String
        ? Value.Json(content)
        : Joined();

    private Value Images
    {
        get
        {
            _readImages = true;
            return Value.List(Parts
                .Select(part => part.TryGetProperty("image_url", out var image) && image.ValueKind == JsonValueKind.Object ? Of(image, "url") : null)
                .OfType<string>()
                .Select(url => (Value)url));
        }
    }

    private Value ToolCalls
    {
        get
        {
            _readCalls = true;
            return RequestToolCall.Type.ListOf([.. RequestToolCall.Of(message)]);
        }
    }

    /// <summary>Of a tool's answer: the function that the call with its id was for.</summary>
    private Value ToolName
    {
        get
        {
            if (String("tool_call_id") is not { } id || !request.Body.TryGetProperty("messages", out var messages))
            {
                return Value.Null;
            }

            return messages.EnumerateArray().Take(place).SelectMany(RequestToolCall.Of).LastOrDefault(call => call.Id == id)?.Name;
        }
    }

    private Value Joined()
    {
        var texts = Parts.Select(part => Of(part, "text") ?? Of(part, "refusal")).OfType<string>().ToList();
        return texts.Count == 1 ? texts[0] : string.Join('\n', texts);
    }

    private string? String(string field) => Of(message, field);

    /// <remarks>Half a character in a string is no text.</remarks>
    private static string? Of(JsonElement element, string field)
    {
        try
        {
            return element.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>A call of a tool in a message, its arguments as JSON.</summary>
internal sealed class RequestToolCall
{
    public static readonly ObjectType<RequestToolCall> Type = new ObjectType<RequestToolCall>("tool_call")
        .Member("id", ExpressionType.Dyn, call => call.Id)
        .Member("name", ExpressionType.Dyn, call => call.Name)
        .Member("arguments", ExpressionType.Dyn, call => call.Arguments)
        .Member("arguments_text", ExpressionType.String, call => call._arguments);

    private readonly string _arguments;

    private RequestToolCall(string? id, string? name, string arguments) => (Id, Name, _arguments) = (id, name, arguments);

    public string? Id { get; }

    public string? Name { get; }

    /// <summary>The text itself where it is no JSON.</summary>
    private Value Arguments
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(_arguments.Length == 0 ? "{}" : _arguments);
                return Value.Json(document.RootElement.Clone());
            }
            catch (JsonException)
            {
                return _arguments;
            }
        }
    }

    public static IEnumerable<RequestToolCall> Of(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array
            ? calls.EnumerateArray().Select(Read).OfType<RequestToolCall>()
            : [];

    private static RequestToolCall? Read(JsonElement call) =>
        call.ValueKind == JsonValueKind.Object && call.TryGetProperty("function", out var function) && function.ValueKind == JsonValueKind.Object
            ? new RequestToolCall(Text(call, "id"), Text(function, "name"), Text(function, "arguments") ?? "")
            : null;

    private static string? Text(JsonElement element, string field)
    {
        try
        {
            return element.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
