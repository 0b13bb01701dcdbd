using System.Buffers;
using System.Text.Json;
using Orrery.Gateway.Api;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Videos;

/// <summary>Videos as OpenAI's API tells of them.</summary>
internal static class VideoWords
{
    /// <summary>In place of what nobody has said: the engine decided.</summary>
    private const string Auto = "auto";

    public static ReadOnlyMemory<byte> Video(StoredVideo video) => Write(json => Write(json, video));

    public static ReadOnlyMemory<byte> List(IReadOnlyList<StoredVideo> videos, bool hasMore) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var video in videos)
        {
            Write(json, video);
        }

        json.WriteEndArray();
        json.WriteString("first_id", videos.Count > 0 ? videos[0].Id : null);
        json.WriteString("last_id", videos.Count > 0 ? videos[^1].Id : null);
        json.WriteBoolean("has_more", hasMore);
        json.WriteEndObject();
    });

    public static ReadOnlyMemory<byte> Deleted(string id) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "video.deleted");
        json.WriteBoolean("deleted", true);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, StoredVideo video)
    {
        json.WriteStartObject();
        json.WriteString("id", video.Id);
        json.WriteString("object", "video");
        json.WriteString("model", video.Model);
        json.WriteString("status", video.Status);
        json.WriteNumber("progress", video.Progress);
        json.WriteNumber("created_at", video.CreatedAt.ToUnixTimeSeconds());
        WriteTime(json, "completed_at", video.CompletedAt);
        WriteTime(json, "expires_at", video.Status == VideoStatus.Completed ? video.ExpiresAt : null);
        json.WriteString("prompt", video.Prompt);
        json.WriteString("size", video.Size ?? Auto);
        json.WriteString("seconds", video.Seconds ?? Auto);
        json.WriteNull("remixed_from_video_id");
        if (video.Status == VideoStatus.Failed)
        {
            json.WriteStartObject("error");
            json.WriteString("code", video.ErrorCode ?? "video_generation_failed");
            json.WriteString("message", video.ErrorMessage ?? "The engine gave no reason.");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("error");
        }

        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? at)
    {
        if (at is { } time)
        {
            json.WriteNumber(name, time.ToUnixTimeSeconds());
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, OpenAiErrors.Readable))
        {
            write(json);
        }

        return bytes.WrittenMemory;
    }
}
