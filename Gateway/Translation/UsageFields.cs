using System.Text.Json;

namespace Orrery.Gateway.Translation;

/// <summary>What an engine counted.</summary>
/// <param name="Cached">Of <paramref name="Prompt"/>, those that the engine had in its prefix cache.</param>
/// <param name="CacheWritten">Of <paramref name="Prompt"/>, those that it put there.</param>
/// <param name="Reasoning">Of <paramref name="Completion"/>, thoughts.</param>
internal readonly record struct TokenUsage(long Prompt, long Completion, long Cached, long CacheWritten = 0, long Reasoning = 0)
{
    public long Total => Prompt + Completion;
}

/// <summary>
/// OpenAI's <c>usage</c> object; embeddings have no completion tokens. Images, speech and transcriptions say <c>input_tokens</c> and <c>output_tokens</c>; rerankers
/// may give nothing but <c>total_tokens</c>.
/// </summary>
internal static class UsageFields
{
    /// <summary>Reads the value that <paramref name="reader"/> stands on, to its end. <c>null</c> unless it is an object with counts.</summary>
    public static TokenUsage? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        long? prompt = null, completion = null, total = null;
        var details = default(TokenUsage);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8))
            {
                prompt = Count(ref reader);
            }
            else if (reader.ValueTextEquals("completion_tokens"u8))
            {
                completion = Count(ref reader);
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8) || reader.ValueTextEquals("input_tokens_details"u8)
                || reader.ValueTextEquals("completion_tokens_details"u8) || reader.ValueTextEquals("output_tokens_details"u8))
            {
                reader.Read();
                details = ReadDetails(ref reader, details);
            }
            else if (reader.ValueTextEquals("total_tokens"u8))
            {
                total = Count(ref reader);
            }
            else if (reader.ValueTextEquals("input_tokens"u8))
            {
                prompt = Count(ref reader) ?? prompt;
            }
            else if (reader.ValueTextEquals("output_tokens"u8))
            {
                completion = Count(ref reader) ?? completion;
            }
            else
            {
                reader.Skip();
            }
        }

        prompt ??= completion is null ? total : null;
        if (completion is not null && total > prompt + completion)
        {
            completion = total - prompt; // Gemini counts its thoughts in the sum alone.
        }

        return prompt is null && completion is null ? null : details with { Prompt = prompt ?? 0, Completion = completion ?? 0 };
    }

    private static TokenUsage ReadDetails(ref Utf8JsonReader reader, TokenUsage details)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return details;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("cached_tokens"u8))
            {
                details = details with { Cached = Count(ref reader) ?? 0 };
            }
            else if (reader.ValueTextEquals("cache_creation_tokens"u8) || reader.ValueTextEquals("cache_write_tokens"u8))
            {
                details = details with { CacheWritten = Count(ref reader) ?? 0 };
            }
            else if (reader.ValueTextEquals("reasoning_tokens"u8))
            {
                details = details with { Reasoning = Count(ref reader) ?? 0 };
            }
            else
            {
                reader.Skip();
            }
        }

        return details;
    }

    private static long? Count(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) && count >= 0)
        {
            return count;
        }

        reader.Skip();
        return null;
    }
}
