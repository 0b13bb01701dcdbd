using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>The Responses API's events from OpenAI to a client, with the model's public id; what they use is counted. The last is told once it is known where the response lies.</summary>
internal sealed class ResponsePasser(Exchange exchange, Candidate candidate, ResponsesNative native) : StreamTranslator
{
    public override void Translate(ReadOnlySpan<byte> sse, IBufferWriter<byte> output)
    {
        var position = 0;
        while (Error is null && SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var data) && !data.IsEmpty)
            {
                Hear(data, output);
            }
        }
    }

    public override void End(IBufferWriter<byte> output)
    {
        // Its last event has come, or the stream is none that ended.
    }

    private void Hear(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        if (!TryRead(data, out var type, out var range))
        {
            Error = SendError.Of(candidate, SendErrorKind.Malformed, "sent an event that is not a JSON object");
            return;
        }

        var json = range.In(data);
        var isResponse = NativeResponse.TryRead(json, out var response);
        switch (type)
        {
            case "error":
                Error = UpstreamErrors.Read(candidate, StatusCodes.Status200OK, Wrap(data), retryAfter: null);
                return;
            case "response.failed":
                Error = UpstreamErrors.Read(candidate, StatusCodes.Status200OK, json, retryAfter: null);
                return;
            case "response.completed" or "response.incomplete" when !isResponse || ResponseStates.IsOpen(response.Status):
                Error = SendError.Of(candidate, SendErrorKind.Malformed, "ended its stream with a response that is not at its end");
                return;
            case "response.completed" or "response.incomplete":
                exchange.Meter.Count(new AnswerFacts { Usage = response.Usage });
                exchange.Story?.Answered(json);
                native.Keep(json, response, candidate);
                (IsDone, HasFinished, HasBegun) = (true, true, true);
                return;
        }

        var isPiece = type.EndsWith(".delta", StringComparison.Ordinal);
        HasContent |= isPiece;
        HasBegun |= isPiece || type is "response.output_item.added" or "response.output_item.done";
        exchange.Meter.Count(new AnswerFacts { HasContent = isPiece });
        native.Told();
        output.Write("event: "u8);
        output.Write(System.Text.Encoding.UTF8.GetBytes(type));
        output.Write("\ndata: "u8);
        if (range.IsPresent)
        {
            output.Write(data[..range.Start]);
            native.Write(json, response, candidate, output);
            output.Write(data[range.End..]);
        }
        else
        {
            output.Write(data);
        }

        output.Write("\n\n"u8);
    }

    /// <summary>The event's type, and where it has a response object.</summary>
    private static bool TryRead(ReadOnlySpan<byte> data, out string type, out ByteRange response)
    {
        (type, response) = ("", default);
        var reader = JsonBytes.Reader(data);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    type = reader.TokenType == JsonTokenType.String ? reader.GetString()! : type;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("response"u8))
                {
                    response = JsonBytes.ReadValue(ref reader, offset: 0);
                }
                else
                {
                    reader.Skip();
                }
            }

            return !reader.Read() && type.AsSpan().IndexOfAny('\r', '\n') < 0;
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return false;
        }
    }

    /// <summary>An <c>error</c> event has its code and message at its top, or in an <c>error</c> of its own.</summary>
    private static byte[] Wrap(ReadOnlySpan<byte> data)
    {
        using var document = JsonBytes.Parse(data.ToArray());
        return document.RootElement.Get("error"u8) is { ValueKind: JsonValueKind.Object } ? data.ToArray() : [.. "{\"error\":"u8, .. data, .. "}"u8];
    }
}
