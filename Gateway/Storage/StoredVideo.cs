using Orrery.Gateway.Translation.Videos;

namespace Orrery.Gateway.Storage;

/// <summary>A video as it is kept, made or being made.</summary>
internal sealed record StoredVideo
{
    public required string Namespace { get; init; }

    public required string Id { get; init; }

    /// <summary>The access key that asked for it, and the key's team.</summary>
    public required string KeyName { get; init; }

    public string? Team { get; init; }

    /// <summary>The model's public id.</summary>
    public required string Model { get; init; }

    /// <summary>Who makes it; <c>null</c> while nobody does.</summary>
    public string? Provider { get; init; }

    /// <summary>The base URL of the server that makes it. Never shown.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Which of the provider's keys it was asked with, where there are several; from 1.</summary>
    public int? ProviderKey { get; init; }

    /// <summary>By which the server knows it; <c>null</c> where it answered with the video.</summary>
    public string? Job { get; init; }

    /// <summary>One of <see cref="VideoStatus"/>.</summary>
    public required string Status { get; init; }

    public int Progress { get; init; }

    public required string Prompt { get; init; }

    public string? Size { get; init; }

    public string? Seconds { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>Where the server says that the video is.</summary>
    public string? Output { get; init; }

    /// <summary>The type of the gateway's own file; <c>null</c>: there is none.</summary>
    public string? ContentType { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? AskedAt { get; init; }

    public bool IsEnded => Status is VideoStatus.Completed or VideoStatus.Failed;
}
