using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;

namespace Orrery.ServiceDefaults;

/// <summary>
/// The names of metrics and attributes in one generation of OpenTelemetry's GenAI conventions. <c>Telemetry:GenAiConventions</c> picks it:
/// <c>v1.41</c> (default; the last that open-telemetry/semantic-conventions published) or <c>latest</c> (open-telemetry/semantic-conventions-genai, in development).
/// </summary>
public sealed record GenAiNames
{
    private const string Key = "Telemetry:GenAiConventions";

    public static readonly GenAiNames V1_41 = new()
    {
        Generation = "v1.41",
        OperationDuration = "gen_ai.client.operation.duration",
        TimeToFirstChunk = "gen_ai.client.operation.time_to_first_chunk",
        TimePerOutputChunk = "gen_ai.client.operation.time_per_output_chunk",
        TokenUsage = "gen_ai.client.token.usage",
        UsageCacheWriteTokens = "gen_ai.usage.cache_creation.input_tokens",
    };

    public static readonly GenAiNames Latest = new()
    {
        Generation = "latest",
        OperationDuration = "gen_ai.client.inference.duration",
        TimeToFirstChunk = "gen_ai.client.inference.time_to_first_chunk",
        TimePerOutputChunk = "gen_ai.client.inference.time_per_output_chunk",
        Tokens = new GenAiTokenNames(
            InputTotal: "gen_ai.client.inference.usage.input_tokens",
            OutputTotal: "gen_ai.client.inference.usage.output_tokens",
            CacheReadTotal: "gen_ai.client.inference.usage.cache_read.input_tokens",
            CacheWriteTotal: "gen_ai.client.inference.usage.cache_write.input_tokens",
            ReasoningTotal: "gen_ai.client.inference.usage.reasoning.output_tokens",
            InputPerOperation: "gen_ai.client.inference.operation.input_tokens",
            OutputPerOperation: "gen_ai.client.inference.operation.output_tokens"),
        UsageCacheWriteTokens = "gen_ai.usage.cache_write.input_tokens",
    };

    private GenAiNames()
    {
    }

    /// <summary>As the setting spells it.</summary>
    public required string Generation { get; init; }

    /// <summary>Histogram, seconds.</summary>
    public required string OperationDuration { get; init; }

    /// <summary>Histogram, seconds.</summary>
    public required string TimeToFirstChunk { get; init; }

    /// <summary>Histogram, seconds.</summary>
    public required string TimePerOutputChunk { get; init; }

    /// <summary>The one histogram of tokens, told apart by <see cref="Attributes.TokenType"/>; <c>null</c> where <see cref="TokensByDirection"/>.</summary>
    public string? TokenUsage { get; private init; }

    /// <summary>Counters and histograms for each direction; <c>null</c> unless <see cref="TokensByDirection"/>.</summary>
    public GenAiTokenNames? Tokens { get; private init; }

    /// <summary>Whether tokens are counted by instruments of their own for input and output, instead of by one histogram with an attribute.</summary>
    [MemberNotNullWhen(true, nameof(Tokens))]
    [MemberNotNullWhen(false, nameof(TokenUsage))]
    public bool TokensByDirection => Tokens is not null;

    /// <summary>Span attribute: prompt tokens written to the provider's cache.</summary>
    public required string UsageCacheWriteTokens { get; init; }

    /// <exception cref="InvalidOperationException">The setting names no generation.</exception>
    public static GenAiNames From(IConfiguration configuration) => configuration[Key] switch
    {
        null or "" or "v1.41" => V1_41,
        "latest" => Latest,
        var other => throw new InvalidOperationException($"{Key} is '{other}'; expected v1.41 or latest."),
    };

    /// <summary>Attributes that are called the same in both generations.</summary>
    public static class Attributes
    {
        public const string OperationName = "gen_ai.operation.name";
        public const string ProviderName = "gen_ai.provider.name";
        public const string RequestModel = "gen_ai.request.model";
        public const string RequestStream = "gen_ai.request.stream";
        public const string RequestMaxTokens = "gen_ai.request.max_tokens";
        public const string RequestTemperature = "gen_ai.request.temperature";
        public const string RequestTopP = "gen_ai.request.top_p";
        public const string RequestTopK = "gen_ai.request.top_k";
        public const string RequestSeed = "gen_ai.request.seed";
        public const string RequestStopSequences = "gen_ai.request.stop_sequences";
        public const string RequestChoiceCount = "gen_ai.request.choice.count";
        public const string RequestFrequencyPenalty = "gen_ai.request.frequency_penalty";
        public const string RequestPresencePenalty = "gen_ai.request.presence_penalty";
        public const string RequestEncodingFormats = "gen_ai.request.encoding_formats";
        public const string ResponseId = "gen_ai.response.id";
        public const string ResponseModel = "gen_ai.response.model";
        public const string ResponseFinishReasons = "gen_ai.response.finish_reasons";
        public const string ResponseTimeToFirstChunk = "gen_ai.response.time_to_first_chunk";
        public const string UsageInputTokens = "gen_ai.usage.input_tokens";
        public const string UsageOutputTokens = "gen_ai.usage.output_tokens";
        public const string UsageCacheReadTokens = "gen_ai.usage.cache_read.input_tokens";
        public const string UsageReasoningTokens = "gen_ai.usage.reasoning.output_tokens";
        public const string ConversationId = "gen_ai.conversation.id";
        public const string OutputType = "gen_ai.output.type";
        public const string InputMessages = "gen_ai.input.messages";
        public const string OutputMessages = "gen_ai.output.messages";
        public const string SystemInstructions = "gen_ai.system_instructions";
        public const string ToolDefinitions = "gen_ai.tool.definitions";
        public const string EmbeddingsDimensionCount = "gen_ai.embeddings.dimension.count";

        /// <summary><c>input</c> or <c>output</c>, on <see cref="GenAiNames.TokenUsage"/>.</summary>
        public const string TokenType = "gen_ai.token.type";

        /// <summary>On the instruments of <see cref="GenAiNames.Tokens"/>; <c>unknown</c> on the 0 that is recorded when no usage arrived.</summary>
        public const string TokenModality = "gen_ai.token.modality";
    }
}

/// <summary>Where tokens have instruments for each direction: counters of all tokens, and histograms of the tokens of one operation. Unit <c>{token}</c>.</summary>
public sealed record GenAiTokenNames(
    string InputTotal,
    string OutputTotal,
    string CacheReadTotal,
    string CacheWriteTotal,
    string ReasoningTotal,
    string InputPerOperation,
    string OutputPerOperation);
