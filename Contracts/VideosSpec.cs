using System.Buffers;

namespace Orrery.Contracts;

/// <summary>How a provider's servers are asked for videos. A path counts from the base URL, or with a leading slash from the server's root.</summary>
public sealed record VideosSpec
{
    /// <summary>Where a job's id stands in <see cref="Status"/> and <see cref="Content"/>.</summary>
    public const string JobId = "{id}";

    private const int Longest = 256;

    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-/?=&");

    /// <summary>Where a video is asked for by POST. Default <c>videos</c>.</summary>
    public string? Create { get; init; }

    /// <summary>Where a job is asked for by GET, and given up by DELETE. Default <c>videos/{id}</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Where a job's video is fetched by GET. Default <c>videos/{id}/content</c>.</summary>
    public string? Content { get; init; }

    /// <summary>The servers answer with the video itself, which takes minutes, and not with a job. Default false.</summary>
    public bool? AnswersWithVideo { get; init; }

    public string EffectiveCreate => Create ?? "videos";

    public string EffectiveStatus => Status ?? "videos/" + JobId;

    public string EffectiveContent => Content ?? "videos/" + JobId + "/content";

    internal void Validate(FieldErrors errors)
    {
        Check(errors, "spec.videos.create", Create, hasId: false);
        Check(errors, "spec.videos.status", Status, hasId: true);
        Check(errors, "spec.videos.content", Content, hasId: true);
    }

    private static void Check(FieldErrors errors, string field, string? path, bool hasId)
    {
        if (path is null)
        {
            return;
        }

        var plain = path.Replace(JobId, "", StringComparison.Ordinal);
        var ids = (path.Length - plain.Length) / JobId.Length;
        var leadsAway = path.Contains("//", StringComparison.Ordinal) || path.Contains("..", StringComparison.Ordinal);
        if (path.Length is 0 or > Longest || plain.AsSpan().ContainsAnyExcept(Characters) || leadsAway || ids != (hasId ? 1 : 0))
        {
            errors.Add(field, path, hasId ? $"a path with {JobId} in it once, such as videos/{JobId}" : "a path, such as videos");
        }
    }
}
