using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation.Anthropic;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>A request of the Messages API on its way to an engine that speaks it: all but the model's name stays as it is, both ways.</summary>
internal class MessagesNative(ReadOnlyMemory<byte> body) : INativeDialogue
{
    public virtual string Path => "messages";

    public ReadOnlyMemory<byte> Body => body;

    public IReadOnlyList<string> Headers { get; } = ["anthropic-version", "anthropic-beta"];

    public void EditBody(Exchange exchange, Candidate candidate, ref EditList edits)
    {
        var call = new Call { Body = body };
        CallReader.Read(call, Operation.Chat, exchange.Call.MaxDepth);
        ModelEdit.Name(call, candidate, ref edits);
    }

    public StreamTranslator ReadStream(Exchange exchange, Candidate candidate) => new MessagePasser(exchange, candidate);

    public virtual SendError? WriteAnswer(Exchange exchange, Candidate candidate, ReadOnlySpan<byte> answer, IBufferWriter<byte> output)
    {
        if (!NativeMessage.TryRead(answer, out var message))
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered with what is not a message of Anthropic's API");
        }

        if (message.IsError)
        {
            return AnthropicErrors.Read(candidate, StatusCodes.Status200OK, answer, retryAfter: null);
        }

        exchange.Meter.Count(new AnswerFacts { HasContent = true, Usage = message.Usage.IsKnown ? message.Usage.Tokens : null });
        exchange.Story?.Answered(answer);
        message.Write(answer, candidate, output);
        return null;
    }
}

/// <summary>Where an answer of the Messages API names its model, and what it used.</summary>
internal struct NativeMessage
{
    private ByteRange _model;

    public MessageUsage Usage;

    public bool IsError { get; private set; }

    /// <returns>Whether <paramref name="json"/> is one JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out NativeMessage message)
    {
        message = default;
        var reader = JsonBytes.Reader(json);
        try
        {
            return reader.Read() && message.Read(ref reader) && !reader.Read();
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return false;
        }
    }

    /// <summary>Writes it with the model's public id.</summary>
    public readonly void Write(ReadOnlySpan<byte> json, Candidate candidate, IBufferWriter<byte> output)
    {
        var edits = new EditList();
        if (_model.IsPresent)
        {
            edits.Add(_model, candidate.Model.IdJson);
        }

        edits.Write(json, output);
    }

    private bool Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("model"u8))
            {
                _model = JsonBytes.StringOf(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                Usage.Read(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8) && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                Read(ref reader); // Of the event that begins a message.
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                IsError |= reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        return true;
    }
}
