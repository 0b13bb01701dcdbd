using System.Buffers;
using System.Globalization;
using System.Text;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>The Messages API's events → <c>chat.completion.chunk</c>s, each as it comes.</summary>
/// <remarks>
/// Content blocks are counted over all kinds there, tool calls by themselves here. A tool without parameters sends no piece of
/// JSON, or an empty one; the client gets <c>{}</c> then, because <c>""</c> is no arguments. Events and blocks that are not known
/// are passed over, as Anthropic's rules for versions ask.
/// </remarks>
internal sealed class MessageStream(Exchange exchange, Candidate candidate, byte[]? reasoningName) : StreamTranslator
{
    private const int Overhead = 256;

    private readonly List<OpenTool> _tools = [];
    private MessageUsage _usage;
    private byte[]? _head;

    private bool WantsUsage => exchange.Call.StreamOptions.IncludeUsage;

    private ReadOnlySpan<byte> Tail => WantsUsage ? "},\"finish_reason\":null}],\"usage\":null}\n\n"u8 : "},\"finish_reason\":null}]}\n\n"u8;

    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        var position = 0;
        var hasData = false;
        byte[]? joined = null;
        ReadOnlySpan<byte> data = default;
        while (SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var value))
            {
                joined = hasData ? [.. data, (byte)' ', .. value] : null;
                data = joined ?? value;
                hasData = true;
            }
        }

        if (!hasData)
        {
            return;
        }

        try
        {
            if (!TryTranslate(data, output))
            {
                Error = SendError.Of(candidate, SendErrorKind.Malformed, "sent an event that is not a JSON object");
            }
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            Error = SendError.Of(candidate, SendErrorKind.Malformed, "sent an event that is not a JSON object");
        }
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (WantsUsage)
        {
            WriteUsage(output);
        }

        base.End(output);
    }

    private bool TryTranslate(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        var @event = MessageEvent.Read(data, ref _usage);
        switch (@event.Kind)
        {
            case EventKind.Start:
                Begin(@event.Id.In(data), output);
                Count(hasContent: false, hasUsage: true);
                break;
            case EventKind.BlockStart:
                StartBlock(@event, data, output);
                break;
            case EventKind.BlockDelta:
                Continue(@event, data, output);
                break;
            case EventKind.BlockStop:
                StopBlock(@event.Index, output);
                break;
            case EventKind.Delta:
                Count(hasContent: false, hasUsage: @event.HasUsage);
                Finish(@event.Finish, output);
                break;
            case EventKind.Stop:
                Finish(HasFinished ? default : "stop"u8, output);
                (IsDone, HasBegun) = (true, true);
                End(output);
                break;
            case EventKind.Error:
                Error = AnthropicErrors.Read(candidate, StatusCodes.Status200OK, data, retryAfter: null);
                break;
            case EventKind.NotAnEvent:
                return false;
        }

        return true;
    }

    /// <summary>The chunk that says whose turn it is; every answer begins with it.</summary>
    private void Begin(ReadOnlySpan<byte> id, IBufferWriter<byte> output)
    {
        if (_head is not null)
        {
            return;
        }

        _head =
        [
            .. "data: {\"id\":"u8,
            .. id.IsEmpty ? ModelResolution.JsonText.Quote(exchange.RequestId) : id,
            .. ",\"object\":\"chat.completion.chunk\",\"created\":"u8,
            .. Encoding.ASCII.GetBytes(exchange.StartedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            .. ",\"model\":"u8,
            .. candidate.Model.IdJson,
            .. ",\"choices\":["u8,
        ];
        var chunk = Chunk(output, 0);
        chunk.Append("\"role\":\"assistant\",\"content\":\"\""u8);
        EndChunk(chunk);
    }

    private void StartBlock(in MessageEvent @event, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        Begin(default, output);
        var block = @event.Block;
        switch (block.Kind)
        {
            case BlockKind.Text when block.Words.Length > 2:
                WriteText(block.Words.In(data), output);
                break;
            case BlockKind.Thinking when block.Words.Length > 2:
                WriteThinking(block.Words.In(data), output);
                break;
            case BlockKind.RedactedThinking:
                var redacted = Chunk(output, block.Whole.Length);
                redacted.Append("\"thinking_blocks\":["u8);
                redacted.Append(block.Whole.In(data));
                redacted.Append("]"u8);
                EndChunk(redacted);
                Count(hasContent: true, hasUsage: false);
                break;
            case BlockKind.ToolUse when block.Id.IsPresent && block.Name.IsPresent:
                StartTool(@event.Index, block, data, output);
                break;
        }
    }

    private void StartTool(long index, in ContentBlock block, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        var input = block.Input.IsPresent && block.Input.Length > 2 ? block.Input.In(data).ToArray() : null;
        _tools.Add(new OpenTool(index, input));
        var chunk = Chunk(output, block.Id.Length + block.Name.Length);
        chunk.Append("\"tool_calls\":[{\"index\":"u8);
        chunk.Append(_tools.Count - 1);
        chunk.Append(",\"id\":"u8);
        chunk.Append(block.Id.In(data));
        chunk.Append(",\"type\":\"function\",\"function\":{\"name\":"u8);
        chunk.Append(block.Name.In(data));
        chunk.Append(",\"arguments\":\"\"}}]"u8);
        EndChunk(chunk);
        Count(hasContent: true, hasUsage: false);
    }

    private void Continue(in MessageEvent @event, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (@event.Delta == DeltaKind.Other || @event.Words.Length <= 2)
        {
            return; // An empty piece says nothing.
        }

        Begin(default, output);
        var words = @event.Words.In(data);
        switch (@event.Delta)
        {
            case DeltaKind.Text:
                WriteText(words, output);
                break;
            case DeltaKind.Thinking:
                WriteThinking(words, output);
                break;
            case DeltaKind.Signature:
                var seal = Chunk(output, words.Length);
                seal.Append("\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"u8);
                seal.Append(words);
                seal.Append("}]"u8);
                EndChunk(seal);
                break;
            case DeltaKind.Json when ToolAt(@event.Index) is var tool and >= 0:
                _tools[tool] = _tools[tool] with { HasArguments = true };
                WriteArguments(tool, words, output);
                break;
        }
    }

    private void StopBlock(long index, IBufferWriter<byte> output)
    {
        var tool = ToolAt(index);
        if (tool < 0 || _tools[tool].HasArguments)
        {
            return;
        }

        _tools[tool] = _tools[tool] with { HasArguments = true };
        if (_tools[tool].Input is { } input)
        {
            var quoted = new ArrayBufferWriter<byte>();
            JsonBytes.WriteQuoted(input, quoted);
            WriteArguments(tool, quoted.WrittenSpan, output);
        }
        else
        {
            WriteArguments(tool, "\"{}\""u8, output);
        }
    }

    private void Finish(ReadOnlySpan<byte> reason, IBufferWriter<byte> output)
    {
        if (reason.IsEmpty || HasFinished)
        {
            return;
        }

        Begin(default, output);
        var chunk = new ChunkWriter(output, _head!.Length + reason.Length + Overhead);
        chunk.Append(_head);
        chunk.Append("{\"index\":0,\"delta\":{},\"finish_reason\":\""u8);
        chunk.Append(reason);
        chunk.Append(WantsUsage ? "\"}],\"usage\":null}\n\n"u8 : "\"}]}\n\n"u8);
        Tell(chunk.End());
        (HasFinished, HasBegun) = (true, true);
    }

    private void WriteText(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        var chunk = Chunk(output, text.Length);
        chunk.Append("\"content\":"u8);
        chunk.Append(text);
        EndChunk(chunk);
        Count(hasContent: true, hasUsage: false);
    }

    private void WriteThinking(ReadOnlySpan<byte> words, IBufferWriter<byte> output)
    {
        var chunk = Chunk(output, 2 * words.Length);
        chunk.Append(reasoningName ?? MessageAnswer.ReasoningName);
        chunk.Append(":"u8);
        chunk.Append(words);
        chunk.Append(",\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":"u8);
        chunk.Append(words);
        chunk.Append(",\"signature\":\"\"}]"u8);
        EndChunk(chunk);
        Count(hasContent: true, hasUsage: false);
    }

    private void WriteArguments(int tool, ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        var chunk = Chunk(output, json.Length);
        chunk.Append("\"tool_calls\":[{\"index\":"u8);
        chunk.Append(tool);
        chunk.Append(",\"function\":{\"arguments\":"u8);
        chunk.Append(json);
        chunk.Append("}}]"u8);
        EndChunk(chunk);
        Count(hasContent: true, hasUsage: false);
    }

    private void WriteUsage(IBufferWriter<byte> output)
    {
        output.Write(_head);
        output.Write("],\"usage\":"u8);
        _usage.Write(output);
        output.Write("}\n\n"u8);
    }

    private ChunkWriter Chunk(IBufferWriter<byte> output, int length)
    {
        var chunk = new ChunkWriter(output, _head!.Length + length + Overhead + Tail.Length);
        chunk.Append(_head);
        chunk.Append("{\"index\":0,\"delta\":{"u8);
        return chunk;
    }

    private void EndChunk(ChunkWriter chunk)
    {
        chunk.Append(Tail);
        Tell(chunk.End());
    }

    /// <summary>What the client is told is what is recorded, where texts are.</summary>
    private void Tell(ReadOnlySpan<byte> chunk) => exchange.Story?.Answered(chunk["data: ".Length..^2]);

    private void Count(bool hasContent, bool hasUsage)
    {
        exchange.Meter.Count(new AnswerFacts { HasContent = hasContent, Usage = hasUsage && _usage.IsKnown ? _usage.Tokens : null });
        HasContent |= hasContent;
        HasBegun |= hasContent;
    }

    private int ToolAt(long index)
    {
        for (var i = _tools.Count - 1; i >= 0; i--)
        {
            if (_tools[i].Block == index)
            {
                return i;
            }
        }

        return -1;
    }

    /// <param name="Block">Its place among all content blocks.</param>
    /// <param name="Input">What came with its beginning, where that was more than nothing.</param>
    private readonly record struct OpenTool(long Block, byte[]? Input, bool HasArguments = false);
}
