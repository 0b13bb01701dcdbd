using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>How an answer is delivered.</summary>
internal sealed record Delivery(bool IsStream, bool IncludesUsage, bool IncludesUsageInEveryChunk)
{
    public static Delivery Read(Fields body)
    {
        var isStream = body.Flag("stream");
        if (body.Object("stream_options") is not { } written)
        {
            return new Delivery(isStream, false, false);
        }

        if (!isStream)
        {
            body.Fault("stream_options", "stream_options only together with stream: true");
        }

        var options = body.Inner(written, "stream_options");
        var continuous = options.Flag("continuous_usage_stats");
        return new Delivery(isStream, options.Flag("include_usage"), continuous);
    }
}

internal readonly record struct Usage(int PromptTokens, int CompletionTokens, int? CachedTokens)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, PromptTokens);
        json.WriteNumber("total_tokens"u8, PromptTokens + CompletionTokens);
        json.WriteNumber("completion_tokens"u8, CompletionTokens);
        if (CachedTokens is { } cached)
        {
            json.WriteStartObject("prompt_tokens_details"u8);
            json.WriteNumber("cached_tokens"u8, cached);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}

/// <summary>What chat and text completions write differently. A choice is an index into the request's answers.</summary>
internal interface IAnswer
{
    IReadOnlyList<Output> Outputs { get; }

    /// <summary>Choices 0 to N-1 answer the first prompt, the next N the second one, and so on.</summary>
    int ChoicesPerPrompt { get; }

    /// <summary>Tokens of all prompts together, each counted once.</summary>
    int PromptTokens { get; }

    /// <summary>Whether a chunk comes in front of a choice's first token.</summary>
    bool HasOpening(int choice);

    void WriteOpening(Utf8JsonWriter json, int choice, Usage? usage);

    /// <summary>Whether the token has anything to say: text, an opening, or the end.</summary>
    bool IsVisible(int choice, int position);

    void WriteToken(Utf8JsonWriter json, int choice, int position, Usage? usage);

    /// <summary>The chunk without choices at a stream's end.</summary>
    void WriteUsage(Utf8JsonWriter json, Usage usage);

    void WriteWhole(Utf8JsonWriter json, Usage? usage);
}
