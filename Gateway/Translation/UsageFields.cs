using System.Text.Json;

namespace Orrery.Gateway.Translation;

/// <summary>What an engine counted.</summary>
/// <param name="Cached">Of <paramref name="Prompt"/>, those that the engine had in its prefix cache.</param>
internal readonly record struct TokenUsage(long Prompt, long Completion, long Cached)
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

        long? prompt = null, completion = null, cached = null, total = null;
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
            else if (reader.ValueTextEquals("prompt_tokens_details"u8))
            {
                reader.Read();
                cached = ReadCached(ref reader);
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

        return prompt is null && completion is null ? null : new TokenUsage(prompt ?? 0, completion ?? 0, cached ?? 0);
    }

    private static long? ReadCached(ref Utf8JsonReader reader)
    {
        long? cached = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("cached_tokens"u8))
            {
                cached = Count(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return cached;
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
