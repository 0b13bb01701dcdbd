using System.Text.Json;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary><c>stop_reason</c> → <c>finish_reason</c>.</summary>
internal static class StopReasons
{
    /// <summary>Reads the string that <paramref name="reader"/> stands on; empty when there is none. A reason that is not known ends an answer all the same.</summary>
    public static ReadOnlySpan<byte> Read(scoped ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return default;
        }

        return reader.ValueTextEquals("tool_use"u8) ? "tool_calls"u8
            : reader.ValueTextEquals("max_tokens"u8) || reader.ValueTextEquals("model_context_window_exceeded"u8) ? "length"u8
            : reader.ValueTextEquals("refusal"u8) ? "content_filter"u8
            : "stop"u8;
    }
}
