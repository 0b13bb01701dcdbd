using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>The parts of a user's message, said as chat's.</summary>
internal sealed class ChatInputParts(ChatFromResponses request, IBufferWriter<byte> chat)
{
    public Refusal? Write(JsonElement parts, string path) => Write(parts.EnumerateArray().Select((part, place) => (part, $"{path}[{place}]")));

    public Refusal? Write(IEnumerable<(JsonElement Part, string Path)> parts)
    {
        chat.Write("["u8);
        var count = 0;
        foreach (var (part, path) in parts)
        {
            chat.Write(count++ > 0 ? ","u8 : default);
            if (WritePart(part, path) is { } refusal)
            {
                return refusal;
            }
        }

        chat.Write("]"u8);
        return null;
    }

    private Refusal? WritePart(JsonElement part, string path)
    {
        switch (part.Type())
        {
            case "input_text" or "text" or "output_text" when part.GetText("text"u8) is { } text:
                chat.Write("{\"type\":\"text\",\"text\":"u8);
                chat.Write(text);
                chat.Write("}"u8);
                return null;
            case "input_image" when part.GetText("image_url"u8) is { } url:
                chat.Write("{\"type\":\"image_url\",\"image_url\":{\"url\":"u8);
                chat.Write(url);
                if (part.GetText("detail"u8) is { } detail)
                {
                    chat.Write(",\"detail\":"u8);
                    chat.Write(detail);
                }

                chat.Write("}}"u8);
                return null;
            case "input_file" when part.GetText("file_data"u8) is { } data:
                chat.Write("{\"type\":\"file\",\"file\":{\"filename\":"u8);
                chat.Write(part.GetText("filename"u8) is { } name ? name.Raw() : "\"file\""u8);
                chat.Write(",\"file_data\":"u8);
                chat.Write(data);
                chat.Write("}}"u8);
                return null;
            case "input_audio":
                chat.Write(part);
                return null;
            case "input_image" or "input_file" when part.GetText("file_id"u8) is not null || part.GetText("file_url"u8) is not null:
                chat.Write("{\"type\":\"text\",\"text\":\"\"}"u8);
                return request.LeaveToOpenAi(path, $"'{path}' names a file that only OpenAI's own servers fetch. Send its content: image_url with a data: URL, or file_data.");
            default:
                return ChatBody.Wrong(path, part, "input_text with text, input_image with image_url, input_file with file_data, or input_audio; files are not stored here");
        }
    }
}
