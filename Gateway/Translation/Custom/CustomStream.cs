using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>An engine's stream of server-sent events or lines of JSON → chunks, by its transform.</summary>
internal sealed class CustomStream(Exchange exchange, Candidate candidate, CompiledTransforms transforms, CompiledOperation operation, CompiledStream stream, byte[]? reasoningName)
    : PieceStream(exchange, candidate, transforms, operation, reasoningName)
{
    private readonly bool _isLines = stream.Format == StreamFormats.Ndjson;
    private bool _hasEvents;

    /// <summary>Where the transform names no last event, the end of the answer is it; HTTP tells whether that came.</summary>
    public override bool MayEnd => stream.Done is null ? _hasEvents : HasFinished;

    protected override bool EndsAtLine => _isLines;

    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        var name = "";
        var data = _isLines ? sse.Trim("\r\n \t"u8) : Read(sse, out name);
        if (data.IsEmpty)
        {
            return;
        }

        if (data.SequenceEqual("[DONE]"u8))
        {
            if (_hasEvents)
            {
                Close(output);
            }
            else
            {
                Error = SendError.Of(Candidate, SendErrorKind.Malformed, "ended its stream without an answer");
            }

            return;
        }

        using var document = CustomAnswer.TryParse(data);
        if (document is null)
        {
            Error = SendError.Of(Candidate, SendErrorKind.Malformed, _isLines ? "sent a line that is not JSON" : "sent an event that is not JSON");
            return;
        }

        Error = CustomErrors.Find(Candidate, Transforms.Error, document.RootElement) ?? Tell(name, document.RootElement, output);
    }

    private SendError? Tell(string name, JsonElement data, IBufferWriter<byte> output)
    {
        _hasEvents = true;
        ReadOnlySpan<Value> variables = [Value.Json(data), name, Candidate.UpstreamId];
        var said = stream.Event.Evaluate(variables);
        var counted = stream.Usage?.Evaluate(variables) ?? default;
        var done = stream.Done?.Evaluate(variables) ?? default;
        if (said.Error is { } wrong)
        {
            return TransformFault.OfAnswer(Candidate, Operation.Field + ".stream.event", wrong);
        }

        if (counted.Error is { } uncounted)
        {
            return TransformFault.OfAnswer(Candidate, Operation.Field + ".stream.usage", uncounted);
        }

        if (done.Error is { } undecided)
        {
            return TransformFault.OfAnswer(Candidate, Operation.Field + ".stream.done", undecided);
        }

        if (TextResult.Read(said.Value, counted.Value, Operation.Shape == RequestShape.Chat, out var fault) is not { } result)
        {
            return TransformFault.OfAnswer(Candidate, Operation.Field + (fault!.IsOfUsage ? ".stream.usage" : ".stream.event"), fault.Text);
        }

        Tell(result, output);
        if (done.IsTrue)
        {
            Close(output);
        }

        return null;
    }

    private static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> sse, out string name)
    {
        var position = 0;
        name = "";
        ReadOnlySpan<byte> data = default;
        ArrayBufferWriter<byte>? joined = null;
        while (SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var value))
            {
                if (joined is null && data.IsEmpty)
                {
                    data = value;
                    continue;
                }

                if (joined is null)
                {
                    joined = new(sse.Length); // All of it fits: an event may have as many lines as bytes.
                    joined.Write(data);
                }

                joined.Write("\n"u8);
                joined.Write(value);
            }
            else if (line.StartsWith("event:"u8))
            {
                name = Encoding.UTF8.GetString(line["event:".Length..].Trim((byte)' '));
            }
        }

        return joined is null ? data : joined.WrittenSpan;
    }
}
