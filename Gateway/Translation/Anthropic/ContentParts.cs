using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>Whose content it is: texts may stand everywhere, pictures and documents with users and tools only.</summary>
internal enum PartPlace
{
    System,
    User,
    Assistant,

    /// <summary>The assistant's words at the very end, which the model is to continue: no blanks after them.</summary>
    LastAssistant,
    ToolResult,
}

/// <summary>A message's <c>content</c> → content blocks. Blank texts are left out, because the Messages API refuses them.</summary>
internal static class ContentParts
{
    /// <param name="path">The content's name in errors.</param>
    /// <param name="conversation">Opens the turn that a block belongs to.</param>
    public static SendError? Write(MessagesRequest request, FieldPath path, ByteRange content, PartPlace place, Conversation conversation)
    {
        var value = content.In(request.Body);
        if (JsonBytes.IsString(value))
        {
            WriteText(request, content, default, place, conversation);
            return null;
        }

        if (!JsonBytes.IsArray(value))
        {
            return request.Wrong($"{path}", content, "a string or an array of parts");
        }

        var reader = JsonBytes.Reader(value);
        reader.Read();
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            var part = JsonBytes.ReadCurrent(ref reader, content.Start);
            if (WritePart(request, path with { Part = i }, part, place, conversation) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static SendError? WritePart(MessagesRequest request, FieldPath path, ByteRange part, PartPlace place, Conversation conversation)
    {
        if (!JsonBytes.IsObject(part.In(request.Body)))
        {
            return request.Wrong($"{path}", part, "a part object such as {\"type\": \"text\", \"text\": \"…\"}");
        }

        var fields = Part.Read(request.Body, part);
        var type = fields.Type.In(request.Body);
        if (JsonBytes.Says(type, "text"u8) || JsonBytes.Says(type, "refusal"u8))
        {
            if (!JsonBytes.IsString(fields.Text.In(request.Body)))
            {
                return request.Wrong($"{path}.text", fields.Text, "a string");
            }

            WriteText(request, fields.Text, fields.CacheControl, place, conversation);
            return null;
        }

        var mayShow = place is PartPlace.User or PartPlace.ToolResult;
        if (mayShow && JsonBytes.Says(type, "image_url"u8))
        {
            return WriteImage(request, path, fields, place, conversation);
        }

        return mayShow && JsonBytes.Says(type, "file"u8)
            ? WriteDocument(request, path, fields, place, conversation)
            : request.Refuse(
                $"{path}.type",
                $"'{path}.type' is {(fields.Type.IsPresent ? JsonBytes.Show(type) : "missing")}; this model's provider takes {(mayShow ? "text, image_url and file" : "text")} here. Leave the part out, or use a model that takes it.");
    }

    private static void WriteText(MessagesRequest request, ByteRange text, ByteRange cacheControl, PartPlace place, Conversation conversation)
    {
        if (JsonBytes.IsBlank(text.In(request.Body)))
        {
            return;
        }

        conversation.OpenFor(place);
        var json = request.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        if (place == PartPlace.LastAssistant)
        {
            json.WriteString("text"u8, JsonBytes.Text(text.In(request.Body)).TrimEnd());
        }
        else
        {
            request.WriteRaw("text"u8, text);
        }

        End(request, cacheControl);
    }

    private static SendError? WriteImage(MessagesRequest request, FieldPath path, in Part fields, PartPlace place, Conversation conversation)
    {
        if (!JsonBytes.IsString(fields.Url.In(request.Body)))
        {
            return request.Wrong($"{path}.image_url.url", fields.Url, "a data: URL of an image, or an http(s) URL");
        }

        using var url = new UnescapedString(fields.Url.In(request.Body));
        var isData = DataUrl.TryRead(url.Bytes, out var data);
        if (isData ? !data.IsImage : !DataUrl.IsHttp(url.Bytes))
        {
            return Unfit(request, $"{path}.image_url.url", url.Bytes, "a base64 data: URL of a JPEG, PNG, GIF or WebP, or an http(s) URL");
        }

        conversation.OpenFor(place);
        var json = request.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "image"u8);
        json.WriteStartObject("source"u8);
        if (isData)
        {
            WriteData(json, data);
        }
        else
        {
            json.WriteString("type"u8, "url"u8);
            json.WriteString("url"u8, url.Bytes);
        }

        json.WriteEndObject();
        End(request, fields.CacheControl);
        return null;
    }

    private static SendError? WriteDocument(MessagesRequest request, FieldPath path, in Part fields, PartPlace place, Conversation conversation)
    {
        if (!JsonBytes.IsString(fields.FileData.In(request.Body)))
        {
            return request.Refuse($"{path}.file.file_data", $"'{path}.file.file_data' is missing; this model's provider takes files by content only. Send a data: URL of a PDF instead of a file's id.");
        }

        using var url = new UnescapedString(fields.FileData.In(request.Body));
        if (!DataUrl.TryRead(url.Bytes, out var data) || !data.IsPdf)
        {
            return Unfit(request, $"{path}.file.file_data", url.Bytes, "a base64 data: URL of a PDF (data:application/pdf;base64,…)");
        }

        conversation.OpenFor(place);
        var json = request.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "document"u8);
        json.WriteStartObject("source"u8);
        WriteData(json, data);
        json.WriteEndObject();
        if (JsonBytes.IsString(fields.FileName.In(request.Body)))
        {
            request.WriteRaw("title"u8, fields.FileName);
        }

        End(request, fields.CacheControl);
        return null;
    }

    private static void WriteData(Utf8JsonWriter json, DataUrl data)
    {
        json.WriteString("type"u8, "base64"u8);
        json.WriteString("media_type"u8, data.MediaType);
        json.WriteString("data"u8, data.Base64);
    }

    private static void End(MessagesRequest request, ByteRange cacheControl)
    {
        if (cacheControl.IsPresent)
        {
            request.WriteRaw("cache_control"u8, cacheControl);
        }

        request.Json.WriteEndObject();
    }

    private static SendError Unfit(MessagesRequest request, string path, ReadOnlySpan<byte> url, string expected) =>
        request.Refuse(path, $"'{path}' is '{Shown.Of(Encoding.UTF8.GetString(url[..Math.Min(url.Length, 60)]))}'; expected {expected}.", "invalid_value");

    private readonly record struct Part(ByteRange Type, ByteRange Text, ByteRange Url, ByteRange FileData, ByteRange FileName, ByteRange CacheControl)
    {
        public static Part Read(ReadOnlySpan<byte> body, ByteRange part)
        {
            ByteRange type = default, text = default, url = default, data = default, name = default, cacheControl = default;
            var reader = JsonBytes.Reader(part.In(body));
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    type = JsonBytes.ReadValue(ref reader, part.Start);
                }
                else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("refusal"u8))
                {
                    text = JsonBytes.ReadValue(ref reader, part.Start);
                }
                else if (reader.ValueTextEquals("cache_control"u8))
                {
                    cacheControl = JsonBytes.ReadValue(ref reader, part.Start);
                }
                else if (reader.ValueTextEquals("image_url"u8))
                {
                    var image = JsonBytes.ReadValue(ref reader, part.Start);
                    url = JsonBytes.IsString(image.In(body)) ? image : Find(body, image, "url"u8);
                }
                else if (reader.ValueTextEquals("file"u8))
                {
                    var file = JsonBytes.ReadValue(ref reader, part.Start);
                    (data, name) = (Find(body, file, "file_data"u8), Find(body, file, "filename"u8));
                }
                else
                {
                    reader.Skip();
                }
            }

            return new Part(type, text, url, data, name, cacheControl);
        }

        private static ByteRange Find(ReadOnlySpan<byte> body, ByteRange whole, ReadOnlySpan<byte> name)
        {
            if (!JsonBytes.IsObject(whole.In(body)))
            {
                return default;
            }

            var reader = JsonBytes.Reader(whole.In(body));
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals(name))
                {
                    return JsonBytes.ReadValue(ref reader, whole.Start);
                }

                reader.Skip();
            }

            return default;
        }
    }
}

/// <summary>A JSON string's text: the bytes themselves where nothing is escaped, else a rented copy.</summary>
internal ref struct UnescapedString
{
    private byte[]? _rented;

    public UnescapedString(ReadOnlySpan<byte> value)
    {
        var reader = JsonBytes.Reader(value);
        reader.Read();
        if (!reader.ValueIsEscaped)
        {
            Bytes = reader.ValueSpan;
            return;
        }

        _rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            Bytes = _rented.AsSpan(0, reader.CopyString(_rented));
        }
        catch (InvalidOperationException)
        {
            Dispose();
            throw;
        }
    }

    public ReadOnlySpan<byte> Bytes { get; }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }
    }
}

/// <summary><c>data:image/png;base64,…</c></summary>
internal readonly ref struct DataUrl
{
    public ReadOnlySpan<byte> MediaType { get; private init; }

    public ReadOnlySpan<byte> Base64 { get; private init; }

    public bool IsImage => MediaType.SequenceEqual("image/jpeg"u8) || MediaType.SequenceEqual("image/png"u8)
        || MediaType.SequenceEqual("image/gif"u8) || MediaType.SequenceEqual("image/webp"u8);

    public bool IsPdf => MediaType.SequenceEqual("application/pdf"u8);

    /// <returns>Whether it is a data: URL in base64.</returns>
    public static bool TryRead(ReadOnlySpan<byte> url, out DataUrl data)
    {
        data = default;
        var comma = url.IndexOf((byte)',');
        if (comma < 0 || !Ascii.EqualsIgnoreCase(url[..Math.Min(5, url.Length)], "data:"u8) || !url[..comma].EndsWith(";base64"u8))
        {
            return false;
        }

        var media = url["data:".Length..comma];
        media = media[..media.IndexOf((byte)';')];
        data = new DataUrl
        {
            // What many clients call a JPEG.
            MediaType = Ascii.EqualsIgnoreCase(media, "image/jpg"u8) ? "image/jpeg"u8 : Known(media),
            Base64 = url[(comma + 1)..],
        };
        return true;
    }

    public static bool IsHttp(ReadOnlySpan<byte> url) =>
        Ascii.EqualsIgnoreCase(url[..Math.Min(8, url.Length)], "https://"u8) || Ascii.EqualsIgnoreCase(url[..Math.Min(7, url.Length)], "http://"u8);

    private static ReadOnlySpan<byte> Known(ReadOnlySpan<byte> media) =>
        Ascii.EqualsIgnoreCase(media, "image/jpeg"u8) ? "image/jpeg"u8
        : Ascii.EqualsIgnoreCase(media, "image/png"u8) ? "image/png"u8
        : Ascii.EqualsIgnoreCase(media, "image/gif"u8) ? "image/gif"u8
        : Ascii.EqualsIgnoreCase(media, "image/webp"u8) ? "image/webp"u8
        : media;
}
