using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Messages;

/// <summary>Content blocks of a user's turn, said as the parts of a chat message.</summary>
internal sealed class ChatParts(ChatFromMessages request, IBufferWriter<byte> chat)
{
    private bool _hasWritten;

    public Refusal? Write(JsonElement block, string path)
    {
        if (block.Get("cache_control"u8) is not null)
        {
            request.LeaveOut("cache_control");
        }

        switch (block.Type())
        {
            case "text" when block.GetText("text"u8) is { } text:
                WriteText(text);
                return null;
            case "text":
                return ChatBody.Wrong($"{path}.text", block.Get("text"u8), "a string");
            case "image":
                return WriteImage(block.Get("source"u8), $"{path}.source");
            case "document":
                return WriteDocument(block, $"{path}.source");
            case "":
                return ChatBody.Wrong($"{path}.type", block.Get("type"u8), "text, image, document or tool_result");
            default:
                return request.Unsupported($"{path}.type", $"A content block of type '{Shown.Of(block.Type())}'");
        }
    }

    private void WriteText(JsonElement text)
    {
        Begin("{\"type\":\"text\",\"text\":"u8);
        chat.Write(text);
        chat.Write("}"u8);
    }

    private Refusal? WriteImage(JsonElement? source, string path)
    {
        var kind = source?.Type();
        if (kind == "url" && source?.GetText("url"u8) is { } url)
        {
            Begin("{\"type\":\"image_url\",\"image_url\":{\"url\":"u8);
            chat.Write(url);
            chat.Write("}}"u8);
            return null;
        }

        if (kind == "file")
        {
            return request.Unsupported($"{path}.type", "A file by its id");
        }

        if (kind != "base64")
        {
            return ChatBody.Wrong(path, source, "a source of type base64 with media_type and data, or of type url with a url");
        }

        Begin("{\"type\":\"image_url\",\"image_url\":{\"url\":"u8);
        if (!WriteDataUrl(source!.Value))
        {
            return ChatBody.Wrong(path, source, "media_type and data as strings");
        }

        chat.Write("}}"u8);
        return null;
    }

    private Refusal? WriteDocument(JsonElement document, string path)
    {
        var source = document.Get("source"u8);
        switch (source?.Type())
        {
            case "text" when source?.GetText("data"u8) is { } text:
                WriteText(text);
                return null;
            case "content" when source?.Get("content"u8) is { } content:
                return WriteContent(content, $"{path}.content");
            case "base64":
                break;
            case "file" or "url":
                return request.Unsupported($"{path}.type", "A document by its id or address");
            default:
                return ChatBody.Wrong(path, source, "a source of type base64 with media_type and data, or of type text or content");
        }

        Begin("{\"type\":\"file\",\"file\":{\"filename\":"u8);
        chat.Write(document.GetText("title"u8) is { } title ? title.Raw() : "\"document\""u8);
        chat.Write(",\"file_data\":"u8);
        if (!WriteDataUrl(source!.Value))
        {
            return ChatBody.Wrong(path, source, "media_type and data as strings");
        }

        chat.Write("}}"u8);
        return null;
    }

    private Refusal? WriteContent(JsonElement content, string path)
    {
        if (content.IsText())
        {
            WriteText(content);
            return null;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            return ChatBody.Wrong(path, content, "a string or an array of blocks");
        }

        var i = 0;
        foreach (var block in content.EnumerateArray())
        {
            var refusal = Write(block, $"{path}[{i}]");
            if (refusal is not null)
            {
                return refusal;
            }

            i++;
        }

        return null;
    }

    private bool WriteDataUrl(JsonElement source)
    {
        if (source.GetText("media_type"u8) is not { } type || source.GetText("data"u8) is not { } data)
        {
            return false;
        }

        chat.Write("\"data:"u8);
        chat.Write(type.Inner());
        chat.Write(";base64,"u8);
        chat.Write(data.Inner());
        chat.Write("\""u8);
        return true;
    }

    private void Begin(ReadOnlySpan<byte> part)
    {
        chat.Write(_hasWritten ? ","u8 : default);
        chat.Write(part);
        _hasWritten = true;
    }
}
