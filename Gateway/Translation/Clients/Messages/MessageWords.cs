using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>What a message of the Messages API says, whole or in events.</summary>
internal static class MessageWords
{
    /// <summary>The object's beginning, open for more.</summary>
    public static void WriteHead(Exchange exchange, Candidate candidate, IBufferWriter<byte> output)
    {
        output.Write("{\"id\":"u8);
        output.Write(AnswerWords.IdOf(exchange, "msg_"));
        output.Write(",\"type\":\"message\",\"role\":\"assistant\",\"model\":"u8);
        output.Write(candidate.Model.IdJson);
    }

    /// <summary><c>stop_reason</c> and <c>stop_sequence</c> as an object's members.</summary>
    /// <param name="finish">The chat's finish reason, in quotes; empty where there is none.</param>
    /// <param name="hasCalls">Some engines say "stop" after tool calls too; clients then would not run them.</param>
    public static void WriteStop(ReadOnlySpan<byte> finish, ReadOnlySpan<byte> stopSequence, bool hasCalls, IBufferWriter<byte> output)
    {
        var isSequence = !stopSequence.IsEmpty && finish.SequenceEqual("\"stop\""u8);
        output.Write("\"stop_reason\":"u8);
        output.Write(
            finish.SequenceEqual("\"length\""u8) ? "\"max_tokens\""u8
            : finish.SequenceEqual("\"content_filter\""u8) ? "\"refusal\""u8
            : hasCalls ? "\"tool_use\""u8
            : isSequence ? "\"stop_sequence\""u8
            : "\"end_turn\""u8);
        output.Write(",\"stop_sequence\":"u8);
        output.Write(isSequence && !hasCalls ? stopSequence : "null"u8);
    }

    /// <summary>Anthropic's <c>usage</c>: what was read from the cache is not part of the input.</summary>
    public static void WriteUsage(TokenUsage tokens, IBufferWriter<byte> output)
    {
        output.Write("{\"input_tokens\":"u8);
        AnswerWords.Put(Math.Max(0, tokens.Prompt - tokens.Cached - tokens.CacheWritten), output);
        output.Write(",\"cache_creation_input_tokens\":"u8);
        AnswerWords.Put(tokens.CacheWritten, output);
        output.Write(",\"cache_read_input_tokens\":"u8);
        AnswerWords.Put(tokens.Cached, output);
        output.Write(",\"output_tokens\":"u8);
        AnswerWords.Put(tokens.Completion, output);
        output.Write("}"u8);
    }

    /// <summary>A tool call's arguments as the object that they are; what is none is told as Anthropic's documentation advises.</summary>
    /// <param name="arguments">A JSON string; empty: no arguments.</param>
    public static void WriteInput(ReadOnlySpan<byte> arguments, IBufferWriter<byte> output)
    {
        if (arguments.IsEmpty)
        {
            output.Write("{}"u8);
            return;
        }

        var text = Encoding.UTF8.GetBytes(JsonBytes.Text(arguments));
        if (IsObject(text))
        {
            output.Write(text);
            return;
        }

        output.Write("{\"INVALID_JSON\":"u8);
        output.Write(arguments);
        output.Write("}"u8);
    }

    private static bool IsObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1000 });
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.TrySkip() && !reader.Read();
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return false;
        }
    }
}
