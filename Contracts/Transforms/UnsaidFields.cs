using System.Text.Json;

namespace Orrery.Contracts.Transforms;

/// <summary>Fields whose loss a client would notice. Hints such as <c>temperature</c> and <c>seed</c> may be lost.</summary>
internal static class UnsaidFields
{
    /// <summary>Field, whether it asks for anything, and what may stand there where a transform does not look at it.</summary>
    private static readonly (string Field, Func<JsonElement, bool> Matters, string Expected)[] Rules =
    [
        ("tools", IsFilled, "no tools"),
        ("functions", IsFilled, "no functions"),
        ("n", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() > 1, "1"),
        ("best_of", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() > 1, "1"),
        ("response_format", value => value.ValueKind == JsonValueKind.Object && !Says(value, "type", "text"), "text"),
        ("logprobs", value => value.ValueKind is JsonValueKind.True or JsonValueKind.Number, "no log probabilities"),
        ("logit_bias", IsFilled, "no bias"),
        ("audio", IsFilled, "no audio"),
        ("modalities", value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.String || !one.ValueEquals("text")), "text alone"),
        ("web_search_options", value => value.ValueKind == JsonValueKind.Object, "no web search"),
        ("echo", value => value.ValueKind == JsonValueKind.True, "false"),
        ("suffix", value => value.ValueKind == JsonValueKind.String && !value.ValueEquals(""), "no suffix"),
        ("dimensions", value => value.ValueKind == JsonValueKind.Number, "no dimensions"),
    ];

    public static (string Field, string Expected)? Find(TransformRequest request)
    {
        foreach (var (field, matters, expected) in Rules)
        {
            if (request.Body.TryGetProperty(field, out var value) && IsOf(request, field, value) && matters(value) && !request.HasRead(field)
                && !(field == "tools" && request.Body.TryGetProperty("tool_choice", out var choice) && choice.ValueKind == JsonValueKind.String && choice.ValueEquals("none")))
            {
                return (field, expected);
            }
        }

        return FindChoice(request) ?? FindStop(request) ?? FindInTurns(request);
    }

    /// <summary>Which of the tools are to be called, and how many at once: of weight only where the server is told of tools.</summary>
    private static (string, string)? FindChoice(TransformRequest request)
    {
        if (!request.HasRead("tools") || !request.Body.TryGetProperty("tools", out var tools) || !IsFilled(tools))
        {
            return null;
        }

        return !request.HasRead("tool_choice") && request.Body.TryGetProperty("tool_choice", out var choice)
                && (choice.ValueKind == JsonValueKind.Object || (choice.ValueKind == JsonValueKind.String && !choice.ValueEquals("auto"))) ? ("tool_choice", "auto")
            : !request.HasRead("parallel_tool_calls") && request.Body.TryGetProperty("parallel_tool_calls", out var parallel) && parallel.ValueKind == JsonValueKind.False ? ("parallel_tool_calls", "true")
            : null;
    }

    /// <summary>Of images and speech <c>response_format</c> is a text, and a hint.</summary>
    private static bool IsOf(TransformRequest request, string field, JsonElement value) =>
        field != "response_format" || (request.Shape == RequestShape.Chat && value.ValueKind == JsonValueKind.Object);

    private static (string, string)? FindStop(TransformRequest request) =>
        !request.StopWasRead && request.Body.TryGetProperty("stop", out var stop)
            && (stop.ValueKind == JsonValueKind.String ? !stop.ValueEquals("") : IsFilled(stop))
            ? ("stop", "no stop sequences")
            : null;

    private static (string, string)? FindInTurns(TransformRequest request)
    {
        if (request.HasRead("messages") || request.TurnsRead is not { } turns)
        {
            return null;
        }

        for (var i = 0; i < turns.Count; i++)
        {
            if (turns[i].UnreadPart is { } part)
            {
                return ($"messages[{i}].content", $"text, and no part of type '{part}'");
            }

            if (turns[i].HasUnreadCalls)
            {
                return ($"messages[{i}].tool_calls", "no calls of tools");
            }
        }

        return null;
    }

    private static bool IsFilled(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => false,
    };

    private static bool Says(JsonElement value, string field, string text) =>
        value.TryGetProperty(field, out var said) && said.ValueKind == JsonValueKind.String && said.ValueEquals(text);
}
