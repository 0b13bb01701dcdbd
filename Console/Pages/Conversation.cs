using System.Text.Json;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Pages;

/// <summary>One thing that was said: a text, a call of a tool, its answer, a picture.</summary>
/// <param name="Role">Who: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>.</param>
/// <param name="Kind">The part's type, as OpenTelemetry names it; empty for a plain text.</param>
public sealed record Said(string Role, string Kind, string Text);

/// <summary>Prompt and answer of a model request, where its namespace has them recorded.</summary>
public sealed record Conversation(IReadOnlyList<Said> Asked, IReadOnlyList<Said> Answered)
{
    /// <summary><c>null</c> where nothing is recorded.</summary>
    public static Conversation? Of(Trace trace)
    {
        var span = trace.Spans.FirstOrDefault(one => one.Tags.Find("gen_ai.input.messages") is not null);
        return span is null ? null : new(Read(span.Tags.Find("gen_ai.input.messages")!), Read(span.Tags.Find("gen_ai.output.messages") ?? "[]"));
    }

    private static List<Said> Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateArray().SelectMany(message => message.GetProperty("parts").EnumerateArray().Select(part => Said(Text(message, "role"), part)))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [new("", "as it came", json)]; // From an agent that writes it in another form.
        }
    }

    private static Said Said(string role, JsonElement part) => Text(part, "type") switch
    {
        "text" => new(role, "", Text(part, "content")),
        "reasoning" => new(role, "reasoning", Text(part, "content")),
        "tool_call" => new(role, $"calls {Text(part, "name")}", Text(part, "arguments")),
        "tool_call_response" => new(role, $"answers {Text(part, "id")}", Text(part, "response")),
        var other => new(role, other, Text(part, "content")),
    };

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.ToString() : "";
}
