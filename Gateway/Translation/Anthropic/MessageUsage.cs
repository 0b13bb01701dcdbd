using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>
/// Anthropic's <c>usage</c>. Its counts are sums so far, never additions, and <c>input_tokens</c> leaves out what was read from
/// the cache or written to it.
/// </summary>
internal struct MessageUsage
{
    private long? _input;
    private long? _output;
    private long _cacheRead;
    private long _cacheWritten;
    private long? _thinking;

    public readonly bool IsKnown => _input is not null || _output is not null;

    public readonly TokenUsage Tokens => new((_input ?? 0) + _cacheRead + _cacheWritten, _output ?? 0, _cacheRead, _cacheWritten, _thinking ?? 0);

    /// <summary>Takes over what the value that <paramref name="reader"/> stands on says; what it leaves out stays.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input_tokens"u8))
            {
                _input = Count(ref reader) ?? _input;
            }
            else if (reader.ValueTextEquals("output_tokens"u8))
            {
                _output = Count(ref reader) ?? _output;
            }
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
            {
                _cacheRead = Count(ref reader) ?? _cacheRead;
            }
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
            {
                _cacheWritten = Count(ref reader) ?? _cacheWritten;
            }
            else if (reader.ValueTextEquals("output_tokens_details"u8))
            {
                reader.Read();
                ReadDetails(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>Writes OpenAI's <c>usage</c> object.</summary>
    public readonly void Write(IBufferWriter<byte> output)
    {
        var tokens = Tokens;
        Put(output, "{\"prompt_tokens\":"u8, tokens.Prompt);
        Put(output, ",\"completion_tokens\":"u8, tokens.Completion);
        Put(output, ",\"total_tokens\":"u8, tokens.Prompt + tokens.Completion);
        Put(output, ",\"prompt_tokens_details\":{\"cached_tokens\":"u8, tokens.Cached);
        if (_cacheWritten > 0)
        {
            Put(output, ",\"cache_creation_tokens\":"u8, _cacheWritten);
        }

        output.Write("}"u8);
        if (_thinking is { } thinking)
        {
            Put(output, ",\"completion_tokens_details\":{\"reasoning_tokens\":"u8, thinking);
            output.Write("}"u8);
        }

        output.Write("}"u8);
    }

    private static void Put(IBufferWriter<byte> output, ReadOnlySpan<byte> before, long number)
    {
        const int longest = 20;
        output.Write(before);
        Utf8Formatter.TryFormat(number, output.GetSpan(longest), out var written);
        output.Advance(written);
    }

    private void ReadDetails(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("thinking_tokens"u8))
            {
                _thinking = Count(ref reader) ?? _thinking;
            }
            else
            {
                reader.Skip();
            }
        }
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
