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
    private ByteRange _status;
    private ByteRange _error;

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

    /// <summary>Whether a response object says that it was made in the background.</summary>
    public static bool IsBackground(ReadOnlySpan<byte> json) => TryRead(json, out var response) && response._background.In(json).SequenceEqual("true"u8);

    /// <summary>A response object that has ended otherwise than it was going to.</summary>
    /// <param name="error">As JSON.</param>
    public static byte[] WithEnd(ReadOnlySpan<byte> json, string status, byte[] error)
    {
        TryRead(json, out var response);
        var edits = new EditList();
        Replace(response._status, Encoding.UTF8.GetBytes($"\"{status}\""), ref edits);
        Replace(response._error, error, ref edits);
        var ended = new ArrayBufferWriter<byte>(json.Length + error.Length);
        edits.Write(json, ended);
        return ended.WrittenSpan.ToArray();
    }

    /// <summary>The response object of an event's data; empty where there is none.</summary>
    public static byte[] OfEvent(ReadOnlySpan<byte> json)
    {
        var reader = JsonBytes.Reader(json);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("response"u8))
                {
                    return JsonBytes.ReadValue(ref reader, offset: 0).In(json).ToArray();
                }

                reader.Skip();
            }
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            // Then there is none.
        }

        return [];
    }

    /// <summary>The id of a response object.</summary>
    public static string IdOf(ReadOnlySpan<byte> json)
    {
        var reader = JsonBytes.Reader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                return JsonBytes.StringOf(ref reader) is { IsPresent: true } id ? TextOf(id.In(json)) : "";
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

    /// <remarks>Half a character is no part of an id that anybody could ask for.</remarks>
    private static string TextOf(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonBytes.Text(text);
        }
        catch (InvalidOperationException)
        {
            return "";
        }
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
            _status = Value(ref reader);
            Status = reader.TokenType == JsonTokenType.String ? reader.GetString()! : Status;
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            Usage = UsageFields.Read(ref reader);
        }
        else if (reader.ValueTextEquals("error"u8))
        {
            _error = Value(ref reader);
            IsError |= reader.TokenType != JsonTokenType.Null;
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
