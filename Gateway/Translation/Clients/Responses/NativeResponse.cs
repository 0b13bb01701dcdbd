using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>Where a response object of OpenAI's names what clients are told otherwise, and what it used.</summary>
internal struct NativeResponse
{
    private ByteRange _model;
    private ByteRange _store;
    private ByteRange _background;
    private ByteRange _previous;

    public TokenUsage? Usage { get; private set; }

    public bool IsError { get; private set; }

    /// <summary>One of <see cref="ResponseStates"/>.</summary>
    public string Status { get; private set; }

    /// <returns>Whether <paramref name="json"/> is one JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out NativeResponse response)
    {
        response = new() { Status = ResponseStates.Completed };
        var reader = JsonBytes.Reader(json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                response.ReadMember(ref reader);
            }

            return !reader.Read();
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return false;
        }
    }

    /// <summary>The status of a response object.</summary>
    public static string StatusOf(ReadOnlySpan<byte> json) => TryRead(json, out var response) ? response.Status : ResponseStates.Failed;

    /// <summary>The id of a response object.</summary>
    public static string IdOf(ReadOnlySpan<byte> json)
    {
        var reader = JsonBytes.Reader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                return JsonBytes.StringOf(ref reader) is { IsPresent: true } id ? JsonBytes.Text(id.In(json)) : "";
            }

            reader.Skip();
        }

        return "";
    }

    /// <param name="model">As JSON; <c>null</c>: as it is.</param>
    public readonly void Write(ReadOnlySpan<byte> json, byte[]? model, bool isStored, bool isBackground, string? previousId, IBufferWriter<byte> output)
    {
        var edits = new EditList();
        Replace(_model, model ?? [], ref edits, isWanted: model is not null);
        Replace(_store, Switch(isStored), ref edits);
        Replace(_background, Switch(isBackground), ref edits);
        Replace(_previous, previousId is null ? "null"u8.ToArray() : Encoding.UTF8.GetBytes(JsonSerializer.Serialize(previousId, StringJson.Default.String)), ref edits);
        edits.Write(json, output);
    }

    private static void Replace(ByteRange range, byte[] value, ref EditList edits, bool isWanted = true)
    {
        if (range.IsPresent && isWanted)
        {
            edits.Add(range, value);
        }
    }

    private static byte[] Switch(bool isOn) => isOn ? "true"u8.ToArray() : "false"u8.ToArray();

    private void ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            _model = Value(ref reader);
        }
        else if (reader.ValueTextEquals("store"u8))
        {
            _store = Value(ref reader);
        }
        else if (reader.ValueTextEquals("background"u8))
        {
            _background = Value(ref reader);
        }
        else if (reader.ValueTextEquals("previous_response_id"u8))
        {
            _previous = Value(ref reader);
        }
        else if (reader.ValueTextEquals("status"u8))
        {
            reader.Read();
            Status = reader.TokenType == JsonTokenType.String ? reader.GetString()! : Status;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            Usage = UsageFields.Read(ref reader);
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

    /// <summary>A value to its end, <c>null</c> included.</summary>
    private static ByteRange Value(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new(start, (int)reader.BytesConsumed - start);
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class StringJson : System.Text.Json.Serialization.JsonSerializerContext;
