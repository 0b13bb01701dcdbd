using System.Text.Json;

namespace Orrery.Catalogue.Probing;

/// <summary>Reads what servers answer, of whatever make.</summary>
internal static class ServerAnswers
{
    /// <summary>
    /// The ids of a model list; <c>null</c> where it is none. OpenAI's and vLLM's is <c>{"data":[{"id"}]}</c>, Ollama's has <c>null</c> for none, Together's is the bare list.
    /// </summary>
    public static IReadOnlyList<string>? Models(ReadOnlySpan<byte> body)
    {
        using var document = Parse(body);
        if (document is null)
        {
            return null;
        }

        var root = document.RootElement;
        var list = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("data", out var data) ? data : root;
        return list.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array when list.EnumerateArray().All(IsModel) => [.. list.EnumerateArray().Select(model => model.GetProperty("id").GetString()!)],
            _ => null,
        };

        static bool IsModel(JsonElement model) => model.ValueKind == JsonValueKind.Object && model.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String;
    }

    /// <summary>Whether it is an object with this list, and something in it.</summary>
    public static bool HasList(ReadOnlySpan<byte> body, string member)
    {
        using var document = Parse(body);
        return document?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty(member, out var value)
            && value is { ValueKind: JsonValueKind.Array } list
            && list.GetArrayLength() > 0;
    }

    /// <summary>The message of an error: OpenAI's, Anthropic's, vLLM's, FastAPI's, Ollama's.</summary>
    public static string? Message(ReadOnlySpan<byte> body)
    {
        using var document = Parse(body);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root)
        {
            return null;
        }

        if (root.TryGetProperty("error", out var error))
        {
            return error.ValueKind == JsonValueKind.Object ? Text(error, "message") : error.ValueKind == JsonValueKind.String ? error.GetString() : null;
        }

        return Text(root, "message") ?? Text(root, "detail");
    }

    private static string? Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonDocument.TryParseValue(ref reader, out var document) ? document : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
