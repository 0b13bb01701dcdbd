using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Videos;

/// <summary>How a stored video begins, and what it is after an engine has said how far it has come.</summary>
internal static partial class VideoState
{
    /// <summary>One that is not at its end is kept at least for so long.</summary>
    private static readonly TimeSpan LeastOpen = TimeSpan.FromDays(1);

    public static string NewId() => "video_" + RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>A video that nobody makes yet.</summary>
    public static StoredVideo New(Exchange exchange, string id, DateTimeOffset now, TimeSpan keep)
    {
        var (wish, key) = (exchange.Call.Video!, exchange.Caller.Key); // Intake has read the wish, or refused.
        return new StoredVideo
        {
            Namespace = key.Namespace,
            Id = id,
            KeyName = key.Name,
            Team = key.Team,
            Model = exchange.Model.Id,
            Status = VideoStatus.Queued,
            Prompt = wish.Prompt,
            Size = wish.Size,
            Seconds = wish.Seconds,
            CreatedAt = now,
            ExpiresAt = now + (keep > LeastOpen ? keep : LeastOpen),
        };
    }

    /// <param name="keep">How long it can be fetched from now on, if it is at its end; the engine may say a shorter time.</param>
    public static StoredVideo After(StoredVideo video, EngineJob job, DateTimeOffset now, TimeSpan keep)
    {
        var status = job.Status ?? video.Status;
        var (isCompleted, isFailed) = (status == VideoStatus.Completed, status == VideoStatus.Failed);
        var expiresAt = now + keep;
        return video with
        {
            Status = status,
            Progress = isCompleted ? 100 : job.Progress ?? video.Progress,
            Size = job.Size is { } size && WidthAndHeight().IsMatch(size) ? size : video.Size ?? job.Size,
            Seconds = job.Seconds ?? video.Seconds,
            Output = job.Output ?? video.Output,
            ErrorCode = isFailed ? job.ErrorCode : null,
            ErrorMessage = isFailed ? job.ErrorMessage : null,
            CompletedAt = isCompleted ? job.CompletedAt ?? now : null,
            ExpiresAt = !isCompleted && !isFailed ? video.ExpiresAt : job.ExpiresAt > now && job.ExpiresAt < expiresAt ? job.ExpiresAt.Value : expiresAt,
        };
    }

    public static StoredVideo Failed(StoredVideo video, string code, string message, DateTimeOffset now, TimeSpan keep) =>
        After(video, new EngineJob { Status = VideoStatus.Failed, ErrorCode = code, ErrorMessage = message }, now, keep);

    [GeneratedRegex("^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$", RegexOptions.CultureInvariant)]
    private static partial Regex WidthAndHeight();
}
