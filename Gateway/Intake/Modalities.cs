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

    /// <summary>As routes call them.</summary>
    public static IEnumerable<string> Names(this Modalities modalities) => RouteModalities.All.Where(name => (modalities & Named(name)) != 0);

    /// <summary>How deep in a request the names of a message's part stand: below <c>messages[0].content[0]</c>.</summary>
    private const int PartDepth = 5;

    /// <summary><see cref="Modalities.Text"/> alone where there is nothing else.</summary>
    public static Modalities Of(ReadOnlySpan<byte> body, int maxDepth)
    {
        var found = Modalities.None;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == PartDepth)
            {
                found |= OfField(ref reader);
            }

            if (reader.Says("type"u8) && reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                found |= reader.Says("image_url"u8) || reader.Says("input_image"u8) ? Modalities.Image
                    : reader.Says("input_audio"u8) || reader.Says("audio_url"u8) ? Modalities.Audio
                    : reader.Says("video_url"u8) ? Modalities.Video
                    : reader.Says("file"u8) || reader.Says("input_file"u8) ? Modalities.File
                    : Modalities.None;
            }
        }

        return found == Modalities.None ? Modalities.Text : found;
    }

    /// <remarks>vLLM takes a part without a type for what its field's name says.</remarks>
    private static Modalities OfField(ref Utf8JsonReader reader) =>
        reader.Says("image_url"u8) ? Modalities.Image
        : reader.Says("input_audio"u8) || reader.Says("audio_url"u8) ? Modalities.Audio
        : reader.Says("video_url"u8) ? Modalities.Video
        : Modalities.None;
}
