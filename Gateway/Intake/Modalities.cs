using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Gateway.Intake;

/// <summary>What messages hold beside text, found by the type of their parts. Read only where a route asks for it.</summary>
[Flags]
internal enum Modalities
{
    None = 0,
    Text = 1,
    Image = 2,
    Audio = 4,
    Video = 8,
    File = 16,
}

internal static class ModalitiesExtensions
{
    /// <summary>By its name in <see cref="RouteModalities"/>.</summary>
    public static Modalities Named(string name) => name switch
    {
        RouteModalities.Image => Modalities.Image,
        RouteModalities.Audio => Modalities.Audio,
        RouteModalities.Video => Modalities.Video,
        RouteModalities.File => Modalities.File,
        _ => Modalities.Text,
    };

    /// <summary><see cref="Modalities.Text"/> alone where there is nothing else.</summary>
    public static Modalities Of(ReadOnlySpan<byte> body, int maxDepth)
    {
        var found = Modalities.None;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("type"u8) && reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                found |= reader.ValueTextEquals("image_url"u8) || reader.ValueTextEquals("input_image"u8) ? Modalities.Image
                    : reader.ValueTextEquals("input_audio"u8) || reader.ValueTextEquals("audio_url"u8) ? Modalities.Audio
                    : reader.ValueTextEquals("video_url"u8) ? Modalities.Video
                    : reader.ValueTextEquals("file"u8) || reader.ValueTextEquals("input_file"u8) ? Modalities.File
                    : Modalities.None;
            }
        }

        return found == Modalities.None ? Modalities.Text : found;
    }
}
