using System.Text.Json;

namespace Orrery.Gateway.Usage;

/// <summary>A piece of what a model said.</summary>
/// <param name="Call">Which of its tool calls <paramref name="CallId"/>, <paramref name="CallName"/> and <paramref name="Arguments"/> are of.</param>
/// <param name="Finish">Why it ended.</param>
internal readonly record struct SaidWords(
    string? Content = null, string? Reasoning = null, int? Call = null, string? CallId = null, string? CallName = null, string? Arguments = null, string? Finish = null)
{
    /// <summary>What an answer says in the words of Anthropic's Messages API (whole, or an event of its stream) or of OpenAI's Responses API (whole).</summary>
    public static IEnumerable<SaidWords> In(JsonElement root) => root.Text("type") switch
    {
        "message" => root.Items("content").Select(Block).Append(new(Finish: root.Text("stop_reason"))),
        "content_block_start" when root.Member("content_block") is { } block => [Block(block, root.Number("index") ?? 0) with { Arguments = null }],
        "content_block_delta" when root.Member("delta") is { } delta => [Delta(delta, root.Number("index") ?? 0)],
        "message_delta" => [new(Finish: root.Member("delta")?.Text("stop_reason"))],
        null when root.Text("object") == "response" => root.Items("output").SelectMany(Item).Append(new(Finish: root.Text("status"))),
        _ => [],
    };

    private static SaidWords Block(JsonElement block, int place) => block.Text("type") switch
    {
        "text" => new(Content: block.Text("text")),
        "thinking" => new(Reasoning: block.Text("thinking")),
        "tool_use" => new(Call: place, CallId: block.Text("id"), CallName: block.Text("name"), Arguments: block.Member("input")?.GetRawText()),
        _ => default,
    };

    private static SaidWords Delta(JsonElement delta, int place) => delta.Text("type") switch
    {
        "text_delta" => new(Content: delta.Text("text")),
        "thinking_delta" => new(Reasoning: delta.Text("thinking")),
        "input_json_delta" => new(Call: place, Arguments: delta.Text("partial_json")),
        _ => default,
    };

    private static IEnumerable<SaidWords> Item(JsonElement item, int place) => item.Text("type") switch
    {
        "message" => item.Items("content").Select(part => new SaidWords(Content: part.Text("text") ?? part.Text("refusal"))),
        "reasoning" => item.Items("content").Concat(item.Items("summary")).Select(part => new SaidWords(Reasoning: part.Text("text"))),
        "function_call" => [new(Call: place, CallId: item.Text("call_id"), CallName: item.Text("name"), Arguments: item.Text("arguments"))],
        _ => [],
    };
}
