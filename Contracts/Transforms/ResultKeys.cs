namespace Orrery.Contracts.Transforms;

/// <summary>The keys of maps that expressions give. Another one is a mistake, so that a typing error does not lose a part of an answer.</summary>
public static class ResultKeys
{
    /// <summary>Of one choice of several of a chat.</summary>
    public static readonly IReadOnlyList<string> Chat = ["content", "reasoning", "refusal", "tool_calls", "finish_reason", "index"];

    /// <summary>Of one choice of several of a completion.</summary>
    public static readonly IReadOnlyList<string> Text = ["text", "content", "finish_reason", "index"];

    /// <summary>Of the only choice, with the usage of the whole.</summary>
    public static readonly IReadOnlyList<string> OneChat = [.. Chat, "usage"];

    /// <inheritdoc cref="OneChat"/>
    public static readonly IReadOnlyList<string> OneText = [.. Text, "usage"];

    public static readonly IReadOnlyList<string> Several = ["choices", "usage"];

    public static readonly IReadOnlyList<string> Call = ["id", "type", "name", "arguments", "function", "index"];

    public static readonly IReadOnlyList<string> Usage = ["prompt_tokens", "completion_tokens", "cached_tokens", "total_tokens"];

    public static readonly IReadOnlyList<string> Vectors = ["embeddings", "usage"];

    public static readonly IReadOnlyList<string> Images = ["images", "usage"];

    public static readonly IReadOnlyList<string> Image = ["url", "b64_json", "revised_prompt"];

    public static readonly IReadOnlyList<string> Error = ["message", "status", "code", "type", "param"];

    public static readonly IReadOnlyList<string> FinishReasons = ["stop", "length", "tool_calls", "content_filter"];
}
