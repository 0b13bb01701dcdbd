using System.Buffers;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>
/// Chat chunks → the Messages API's events: <c>message_start</c>, for each content block <c>content_block_start</c>, its deltas and <c>content_block_stop</c>, then
/// <c>message_delta</c> with the stop reason and what was used, then <c>message_stop</c>.
/// </summary>
internal sealed class MessageTeller(Exchange exchange, Candidate candidate, StreamTranslator chat) : ChatTeller(candidate, chat)
{
    private readonly HashSet<int> _calls = [];
    private bool _hasStarted;
    private Block _open;
    private int _call;
    private int _blocks;
    private byte[] _finish = [];
    private byte[]? _stopSequence;

    private enum Block
    {
        None,
        Text,
        Thinking,
        Call,
    }

    protected override void Hear(in ChatWords words, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        Start(output);
        Say(Block.Thinking, words.Reasoning.In(chunk), output);
        Say(Block.Text, words.Content.In(chunk), output);
        Say(Block.Text, words.Refusal.In(chunk), output);
        foreach (var call in words.Calls)
        {
            Call(call, chunk, output);
        }

        if (words.Finish.IsPresent)
        {
            _finish = words.Finish.In(chunk).ToArray();
            _stopSequence = words.StopSequence.IsPresent ? words.StopSequence.In(chunk).ToArray() : null;
        }
    }

    protected override void Close(IBufferWriter<byte> output)
    {
        Start(output);
        Stop(output);
        output.Write("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"u8);
        MessageWords.WriteStop(_finish, _stopSequence, _calls.Count > 0, output);
        output.Write("},\"usage\":"u8);
        MessageWords.WriteUsage(exchange.Meter.Read(exchange.Call.Body.Length).Tokens, output);
        output.Write("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
    }

    private void Start(IBufferWriter<byte> output)
    {
        if (_hasStarted)
        {
            return;
        }

        _hasStarted = true;
        output.Write("event: message_start\ndata: {\"type\":\"message_start\",\"message\":"u8);
        MessageWords.WriteHead(exchange, Candidate, output);
        output.Write(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":"u8);
        MessageWords.WriteUsage(exchange.Meter.Reported with { Completion = 0 }, output);
        output.Write("}}\n\n"u8);
    }

    private void Say(Block kind, ReadOnlySpan<byte> words, IBufferWriter<byte> output)
    {
        if (words.IsEmpty)
        {
            return;
        }

        if (_open != kind)
        {
            Open(kind, kind == Block.Text ? "{\"type\":\"text\",\"text\":\"\"}"u8 : "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"u8, output);
        }

        Delta(kind == Block.Text ? "\"text_delta\",\"text\":"u8 : "\"thinking_delta\",\"thinking\":"u8, words, output);
    }

    private void Call(in CallWords call, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        if (_open != Block.Call || _call != call.Place)
        {
            if (!call.Name.IsPresent || !_calls.Add(call.Place))
            {
                Break(call.Name.IsPresent ? "began a tool call twice" : "went on with a tool call that it had not begun, or had left for another");
                return;
            }

            _call = call.Place;
            Open(Block.Call, default, output);
            output.Write("{\"type\":\"tool_use\",\"id\":"u8);
            output.Write(call.Id.IsPresent ? call.Id.In(chunk) : AnswerWords.IdOf(exchange, "toolu_", call.Place));
            output.Write(",\"name\":"u8);
            output.Write(call.Name.In(chunk));
            output.Write(",\"input\":{}}}\n\n"u8);
        }

        if (call.Arguments.IsPresent)
        {
            Delta("\"input_json_delta\",\"partial_json\":"u8, call.Arguments.In(chunk), output);
        }
    }

    private void Open(Block kind, ReadOnlySpan<byte> block, IBufferWriter<byte> output)
    {
        Stop(output);
        _open = kind;
        output.Write("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"u8);
        AnswerWords.Put(_blocks, output);
        output.Write(",\"content_block\":"u8);
        if (!block.IsEmpty)
        {
            output.Write(block);
            output.Write("}\n\n"u8);
        }
    }

    private void Delta(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> words, IBufferWriter<byte> output)
    {
        output.Write("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        AnswerWords.Put(_blocks, output);
        output.Write(",\"delta\":{\"type\":"u8);
        output.Write(kind);
        output.Write(words);
        output.Write("}}\n\n"u8);
    }

    private void Stop(IBufferWriter<byte> output)
    {
        if (_open == Block.None)
        {
            return;
        }

        output.Write("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"u8);
        AnswerWords.Put(_blocks++, output);
        output.Write("}\n\n"u8);
        _open = Block.None;
    }
}
