using System.Buffers;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation.Anthropic;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>The Messages API's events from an engine to a client, with the model's public id; what they use is counted.</summary>
internal sealed class MessagePasser(Exchange exchange, Candidate candidate) : StreamTranslator
{
    private MessageUsage _usage;

    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        var position = 0;
        while (SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var data) && !Hear(data))
            {
                return;
            }
        }

        position = 0;
        while (SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var data))
            {
                output.Write("data: "u8);
                Pass(data, output);
            }
            else
            {
                output.Write(line);
            }

            output.Write("\n"u8);
        }
    }

    public override void End(IBufferWriter<byte> output) => output.Write("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);

    private bool Hear(ReadOnlySpan<byte> data)
    {
        MessageEvent @event;
        try
        {
            @event = MessageEvent.Read(data, ref _usage);
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            @event = default;
        }

        if (@event.Kind == EventKind.NotAnEvent)
        {
            Error = SendError.Of(candidate, SendErrorKind.Malformed, "sent an event that is not a JSON object");
            return false;
        }

        if (@event.Kind == EventKind.Error)
        {
            Error = AnthropicErrors.Read(candidate, StatusCodes.Status200OK, data, retryAfter: null);
            return false;
        }

        exchange.Story?.Answered(data);
        var isPiece = @event.Kind == EventKind.BlockDelta;
        exchange.Meter.Count(new AnswerFacts { HasContent = isPiece, Usage = @event.HasUsage && _usage.IsKnown ? _usage.Tokens : null });
        HasContent |= isPiece;
        HasFinished |= @event.Kind == EventKind.Delta && !@event.Finish.IsEmpty;
        IsDone = @event.Kind == EventKind.Stop;
        HasBegun |= isPiece || HasFinished || IsDone || @event.Kind == EventKind.BlockStop;
        return true;
    }

    private void Pass(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (NativeMessage.TryRead(data, out var message))
        {
            message.Write(data, candidate, output);
        }
        else
        {
            output.Write(data);
        }
    }
}
