using System.Globalization;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation.Videos;

/// <summary>What an engine says of a job, in OpenAI's words or in those that video engines have. What it does not say is <c>null</c>.</summary>
internal sealed record EngineJob
{
    private const int LongestId = 512;
    private const int LongestText = 500;
    private const int LongestOutput = 8 << 10;

    /// <summary>By which the engine knows the job.</summary>
    public string? Id { get; init; }

    /// <summary>One of <see cref="VideoStatus"/>; <c>null</c> where it says something else.</summary>
    public string? Status { get; init; }

    /// <summary>0 to 100.</summary>
    public int? Progress { get; init; }

    public string? Seconds { get; init; }

    public string? Size { get; init; }

    /// <summary>Where the video is: a URL, or a file.</summary>
    public string? Output { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <param name="access">Whose secrets are taken out of what clients are shown.</param>
    /// <returns><c>null</c>: it is not a JSON object.</returns>
    public static EngineJob? Read(ReadOnlyMemory<byte> answer, ProviderAccess access)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement, access) : null;
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return null;
        }
    }

    private static EngineJob Read(JsonElement root, ProviderAccess access)
    {
        var output = OutputOf(root, "output") ?? OutputOf(root, "output_url") ?? OutputOf(root, "video_url") ?? OutputOf(root, "video") ?? OutputOf(root, "result") ?? OutputOf(root, "url");
        var error = root.TryGetProperty("error", out var said) ? said : default;
        return new EngineJob
        {
            Id = IdOf(root),
            Status = StatusOf(Text(root, "status") ?? Text(root, "state")),
            Progress = ProgressOf(root),
            Seconds = Number(root, "seconds") ?? Number(root, "duration"),
            Size = Shown(Text(root, "size") ?? Text(root, "resolution")),
            Output = output,
            ErrorCode = error.ValueKind == JsonValueKind.Object ? Shown(Text(error, "code")) : null,
            ErrorMessage = error.ValueKind == JsonValueKind.Object ? Shown(Text(error, "message")) : error.ValueKind == JsonValueKind.String ? Shown(Text(root, "error")) : null,
            CompletedAt = Time(root, "completed_at"),
            ExpiresAt = Time(root, "expires_at"),
        };

        // Masked before it is cut: half a secret is no secret to the mask.
        string? Shown(string? text) => access.Mask(text)?.Cut(LongestText).Replace('\0', ' ');
    }

    private static string? IdOf(JsonElement root)
    {
        foreach (var name in (ReadOnlySpan<string>)["id", "job_id", "task_id", "video_id", "request_id"])
        {
            if (root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                var id = value.ValueKind == JsonValueKind.String ? UpstreamErrors.Text(value) : value.GetRawText();
                return id is { Length: > 0 and <= LongestId } && id is not ("." or "..") && !id.Any(char.IsControl) ? id : null;
            }
        }

        return null;
    }

    private static string? StatusOf(string? said) => said?.ToLowerInvariant() switch
    {
        "queued" or "pending" or "waiting" or "submitted" or "in_queue" or "created" or "starting" => VideoStatus.Queued,
        "in_progress" or "running" or "processing" or "generating" or "started" or "in-progress" => VideoStatus.InProgress,
        "completed" or "complete" or "succeeded" or "success" or "finished" or "done" or "ready" => VideoStatus.Completed,
        "failed" or "failure" or "error" or "cancelled" or "canceled" or "aborted" or "expired" or "rejected" => VideoStatus.Failed,
        _ => null,
    };

    /// <remarks>A number with a decimal point, of at most 1, is a share and not per cent.</remarks>
    private static int? ProgressOf(JsonElement root)
    {
        if (!root.TryGetProperty("progress", out var value) || value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var progress) || !double.IsFinite(progress))
        {
            return null;
        }

        var isShare = progress <= 1 && value.GetRawText().Contains('.', StringComparison.Ordinal);
        return (int)Math.Clamp(isShare ? progress * 100 : progress, 0, 100);
    }

    private static string? OutputOf(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
        {
            value = value[0];
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => UpstreamErrors.Text(value) is { Length: > 0 and <= LongestOutput } text && !text.Any(char.IsControl) ? text : null,
            JsonValueKind.Object => OutputOf(value, "url") ?? OutputOf(value, "path") ?? OutputOf(value, "output") ?? OutputOf(value, "video"),
            _ => null,
        };
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && UpstreamErrors.Text(value) is { Length: > 0 } text ? text : null;

    private static string? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value)
        && decimal.TryParse(value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(root, name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            ? seconds.ToString("0.###", CultureInfo.InvariantCulture)
            : null;

    private static DateTimeOffset? Time(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}

/// <summary>How far a video is, in OpenAI's words.</summary>
internal static class VideoStatus
{
    public const string Queued = "queued";
    public const string InProgress = "in_progress";
    public const string Completed = "completed";
    public const string Failed = "failed";
}
