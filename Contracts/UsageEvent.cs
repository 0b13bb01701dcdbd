namespace Orrery.Contracts;

/// <summary>What one request used. Its id makes recording it twice the same as once.</summary>
public sealed record UsageEvent
{
    /// <summary>UUIDv7, made when the request was accepted.</summary>
    public required Guid Id { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The access key's name.</summary>
    public required string Key { get; init; }

    /// <summary>What the client saw as <c>x-request-id</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>32 hex digits of the W3C trace.</summary>
    public string? TraceId { get; init; }

    /// <summary><c>chat</c>, <c>text_completion</c>, <c>embeddings</c> (the GenAI conventions' operation names), <c>image_generation</c>, <c>rerank</c>, <c>score</c>, <c>speech</c>, <c>transcription</c>, <c>translation</c>, <c>video_generation</c> or <c>pass_through</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>The public id that was resolved.</summary>
    public required string Model { get; init; }

    /// <summary>The provider that answered, or was tried last; <c>null</c> when none was.</summary>
    public string? Provider { get; init; }

    public bool Simulated { get; init; }

    public bool Stream { get; init; }

    public long PromptTokens { get; init; }

    public long CompletionTokens { get; init; }

    /// <summary>Of <see cref="PromptTokens"/>, those that the engine had in its prefix cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>The counts are ours, because the engine could not say (the client left, or it reports none).</summary>
    public bool Estimated { get; init; }

    /// <summary>The HTTP status the client got, or would have got when it left.</summary>
    public int Status { get; init; }

    /// <summary>One of <see cref="UsageOutcomes"/>.</summary>
    public required string Outcome { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public double DurationMs { get; init; }

    /// <summary>Until the first content reached the client; <c>null</c> when none did.</summary>
    public double? TimeToFirstTokenMs { get; init; }
}

/// <summary>How a request ended.</summary>
public static class UsageOutcomes
{
    public const string Completed = "completed";
    public const string Refused = "refused";
    public const string UpstreamError = "upstream_error";
    public const string ClientLeft = "client_left";
}

/// <summary>What a gateway posts to <c>/internal/usage</c>.</summary>
public sealed record UsageBatch(IReadOnlyList<UsageEvent> Events);

/// <summary>The acknowledgement: every event of the batch is on disk, those counted as duplicates from before.</summary>
public sealed record UsageReceipt(int Recorded, int Duplicates);
