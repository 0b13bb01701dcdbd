using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>A whole message → <c>chat.completion</c>. Texts are copied as they stand, escapes and all.</summary>
internal static class MessageAnswer
{
    /// <summary>What most clients look for; the Messages API says "thinking".</summary>
    public static readonly byte[] ReasoningName = "\"reasoning_content\""u8.ToArray();

    public static SendError? Write(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, byte[]? reasoningName, IBufferWriter<byte> output)
    {
        Facts facts;
        try
        {
            if (!TryRead(answer, out facts))
            {
                return SendError.Of(candidate, SendErrorKind.Malformed, "answered with what is not a message of Anthropic's API");
            }
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered with what is not a JSON object");
        }

        if (facts.IsError)
        {
            return AnthropicErrors.Read(candidate, StatusCodes.Status200OK, answer, retryAfter: null);
        }

        exchange.Meter.Count(new AnswerFacts { HasContent = facts.Blocks.Count > 0, Usage = facts.Usage.IsKnown ? facts.Usage.Tokens : null });
        output.Write("{\"id\":"u8);
        output.Write(facts.Id.IsPresent ? facts.Id.In(answer) : JsonBytesOf(exchange.RequestId));
        output.Write(",\"object\":\"chat.completion\",\"created\":"u8);
        Put(output, exchange.StartedAt.ToUnixTimeSeconds());
        output.Write(",\"model\":"u8);
        output.Write(candidate.Model.IdJson);
        output.Write(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"u8);
        if (!WriteJoined(answer, facts.Blocks, BlockKind.Text, output))
        {
            output.Write("null"u8);
        }

        output.Write(",\"refusal\":null"u8);
        WriteThinking(answer, facts.Blocks, reasoningName ?? ReasoningName, output);
        WriteToolCalls(answer, facts.Blocks, output);
        output.Write("},\"logprobs\":null,\"finish_reason\":\""u8);
        output.Write(facts.Finish.IsEmpty ? "stop"u8 : facts.Finish);
        output.Write("\"}],\"usage\":"u8);
        facts.Usage.Write(output);
        output.Write("}"u8);
        return null;
    }

    private static bool TryRead(ReadOnlySpan<byte> answer, out Facts facts)
    {
        facts = new Facts { Blocks = [] };
        var hasContent = false;
        var reader = JsonBytes.Reader(answer);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                facts.Id = JsonBytes.StringOf(ref reader);
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                hasContent = reader.TokenType == JsonTokenType.StartArray;
                ReadBlocks(ref reader, facts.Blocks);
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                reader.Read();
                facts.Finish = StopReasons.Read(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                facts.Usage.Read(ref reader);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                facts.IsError |= reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        return !reader.Read() && (hasContent || facts.IsError);
    }

    private static void ReadBlocks(ref Utf8JsonReader reader, List<ContentBlock> blocks)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            blocks.Add(ContentBlock.Read(ref reader));
        }
    }

    /// <summary>All words of one kind as one string.</summary>
    /// <returns>Whether there are any blocks of it.</returns>
    private static bool WriteJoined(ReadOnlySpan<byte> answer, List<ContentBlock> blocks, BlockKind kind, IBufferWriter<byte> output)
    {
        var isOpen = false;
        foreach (var block in blocks)
        {
            if (block.Kind == kind && block.Words.IsPresent)
            {
                output.Write(isOpen ? default : "\""u8);
                output.Write(block.Words.In(answer)[1..^1]);
                isOpen = true;
            }
        }

        output.Write(isOpen ? "\""u8 : default);
        return isOpen;
    }

    private static void WriteThinking(ReadOnlySpan<byte> answer, List<ContentBlock> blocks, byte[] reasoningName, IBufferWriter<byte> output)
    {
        var count = 0;
        var hasWords = false;
        foreach (var block in blocks)
        {
            if (block.Kind is BlockKind.Thinking or BlockKind.RedactedThinking)
            {
                output.Write(count++ == 0 ? ",\"thinking_blocks\":["u8 : ","u8);
                output.Write(block.Whole.In(answer));
                hasWords |= block.Kind == BlockKind.Thinking && block.Words.IsPresent;
            }
        }

        output.Write(count > 0 ? "]"u8 : default);
        if (hasWords)
        {
            output.Write(","u8);
            output.Write(reasoningName);
            output.Write(":"u8);
            WriteJoined(answer, blocks, BlockKind.Thinking, output);
        }
    }

    private static void WriteToolCalls(ReadOnlySpan<byte> answer, List<ContentBlock> blocks, IBufferWriter<byte> output)
    {
        var count = 0;
        foreach (var block in blocks)
        {
            if (block.Kind != BlockKind.ToolUse || !block.Id.IsPresent || !block.Name.IsPresent)
            {
                continue;
            }

            output.Write(count++ == 0 ? ",\"tool_calls\":["u8 : ","u8);
            output.Write("{\"id\":"u8);
            output.Write(block.Id.In(answer));
            output.Write(",\"type\":\"function\",\"function\":{\"name\":"u8);
            output.Write(block.Name.In(answer));
            output.Write(",\"arguments\":"u8);
            JsonBytes.WriteQuoted(block.Input.IsPresent ? block.Input.In(answer) : "{}"u8, output);
            output.Write("}}"u8);
        }

        output.Write(count > 0 ? "]"u8 : default);
    }

    private static byte[] JsonBytesOf(string text) => ModelResolution.JsonText.Quote(text);

    private static void Put(IBufferWriter<byte> output, long number)
    {
        const int longest = 20;
        Utf8Formatter.TryFormat(number, output.GetSpan(longest), out var written);
        output.Advance(written);
    }

    private ref struct Facts
    {
        public required List<ContentBlock> Blocks { get; init; }

        public ByteRange Id { get; set; }

        public ReadOnlySpan<byte> Finish { get; set; }

        public MessageUsage Usage;

        public bool IsError { get; set; }
    }
}
