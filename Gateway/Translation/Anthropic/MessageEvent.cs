using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Anthropic;

internal enum EventKind
{
    NotAnEvent,

    /// <summary><c>ping</c>, and whatever comes in later years.</summary>
    Other,
    Start,
    BlockStart,
    BlockDelta,
    BlockStop,
    Delta,
    Stop,
    Error,
}

internal enum DeltaKind
{
    Other,
    Text,
    Thinking,
    Signature,
    Json,
}

/// <summary>What one pass finds in an event of the Messages API's stream.</summary>
internal ref struct MessageEvent
{
    public EventKind Kind { get; private set; }

    /// <summary>Which content block it is about.</summary>
    public long Index { get; private set; }

    /// <summary>The message's id, of the event that begins it.</summary>
    public ByteRange Id { get; private set; }

    public ContentBlock Block { get; private set; }

    public DeltaKind Delta { get; private set; }

    /// <summary>What a delta adds, as a JSON string.</summary>
    public ByteRange Words { get; private set; }

    /// <summary>OpenAI's word for why the message ends; empty while it goes on.</summary>
    public ReadOnlySpan<byte> Finish { get; private set; }

    public bool HasUsage { get; private set; }

    /// <param name="usage">Takes over what the event says of it.</param>
    public static MessageEvent Read(ReadOnlySpan<byte> data, ref MessageUsage usage)
    {
        var @event = default(MessageEvent);
        var reader = JsonBytes.Reader(data);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return @event;
        }

        @event.Kind = EventKind.Other;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                @event.Kind = KindOf(ref reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                @event.Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var index) ? index : 0;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                @event.ReadDelta(ref reader);
            }
            else if (reader.ValueTextEquals("content_block"u8))
            {
                reader.Read();
                @event.Block = ContentBlock.Read(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                @event.ReadMessage(ref reader, ref usage);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usage.Read(ref reader);
                @event.HasUsage = true;
            }
            else
            {
                reader.Skip();
            }
        }

        if (reader.Read())
        {
            @event.Kind = EventKind.NotAnEvent;
        }

        return @event;
    }

    private static EventKind KindOf(ref Utf8JsonReader reader) =>
        reader.TokenType != JsonTokenType.String ? EventKind.NotAnEvent
        : reader.ValueTextEquals("content_block_delta"u8) ? EventKind.BlockDelta
        : reader.ValueTextEquals("content_block_start"u8) ? EventKind.BlockStart
        : reader.ValueTextEquals("content_block_stop"u8) ? EventKind.BlockStop
        : reader.ValueTextEquals("message_start"u8) ? EventKind.Start
        : reader.ValueTextEquals("message_delta"u8) ? EventKind.Delta
        : reader.ValueTextEquals("message_stop"u8) ? EventKind.Stop
        : reader.ValueTextEquals("error"u8) ? EventKind.Error
        : EventKind.Other;

    private void ReadMessage(ref Utf8JsonReader reader, ref MessageUsage usage)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                Id = JsonBytes.StringOf(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usage.Read(ref reader);
                HasUsage = true;
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadDelta(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                (Delta, Words) = (DeltaKind.Text, JsonBytes.StringOf(ref reader));
            }
            else if (reader.ValueTextEquals("partial_json"u8))
            {
                (Delta, Words) = (DeltaKind.Json, JsonBytes.StringOf(ref reader));
            }
            else if (reader.ValueTextEquals("thinking"u8))
            {
                (Delta, Words) = (DeltaKind.Thinking, JsonBytes.StringOf(ref reader));
            }
            else if (reader.ValueTextEquals("signature"u8))
            {
                (Delta, Words) = (DeltaKind.Signature, JsonBytes.StringOf(ref reader));
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                reader.Read();
                Finish = StopReasons.Read(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
