namespace Orrery.Contracts.Transforms;

/// <summary>
/// How to talk to a server that has an API of its own: what OpenAI's request becomes there, and what its answer is in OpenAI's words. All in expressions; see
/// <c>docs/transforms.md</c>.
/// </summary>
public sealed record ProviderTransforms
{
    /// <summary>
    /// An expression over <c>response</c> and <c>status</c> that says whether an answer, or an event of a stream, is an error: <c>null</c>, a text, or
    /// <c>{'message', 'status', 'code', 'type', 'param'}</c>. Absent: what has an <c>error</c> is one.
    /// </summary>
    public string? Error { get; init; }

    public OperationTransform? Chat { get; init; }

    public OperationTransform? Completions { get; init; }

    public OperationTransform? Embeddings { get; init; }

    public OperationTransform? Images { get; init; }

    public OperationTransform? Speech { get; init; }
}

/// <summary>One operation in the server's words. What is absent here, the server does not do.</summary>
public sealed record OperationTransform
{
    public required RequestTransform Request { get; init; }

    /// <summary>What the whole answer says. Required but for speech, whose bytes are sent on as they come.</summary>
    public ResponseTransform? Response { get; init; }

    /// <summary>How the server streams; absent: it answers whole, and clients that ask for a stream get one made of that.</summary>
    public StreamTransform? Stream { get; init; }

    /// <summary>The server takes the request as a job, and has to be asked for its result.</summary>
    public JobTransform? Job { get; init; }
}

/// <summary>What is sent.</summary>
public sealed record RequestTransform
{
    /// <summary>One of <see cref="TransformMethods.OfRequests"/>. Default POST.</summary>
    public string? Method { get; init; }

    /// <summary>Below the endpoint, with a slash first. <c>{model}</c> is the id that the server knows the model by; other expressions may stand in braces too.</summary>
    public required string Path { get; init; }

    /// <summary>Headers besides the provider's; braces as in <see cref="Path"/>.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>An expression over <c>request</c>, <c>model</c> and <c>stream</c>: the JSON to send. Entries that are <c>null</c> are left out.</summary>
    public required string Body { get; init; }
}

/// <summary>What a whole answer says.</summary>
public sealed record ResponseTransform
{
    /// <summary>An expression over <c>response</c> and <c>model</c>: a text, or <c>{'content', 'finish_reason', 'tool_calls', 'usage', …}</c>; for embeddings the vectors, for images the images.</summary>
    public required string Body { get; init; }

    /// <summary>An expression for <c>usage</c> where <see cref="Body"/> does not give it.</summary>
    public string? Usage { get; init; }
}

/// <summary>What a stream says, event by event.</summary>
public sealed record StreamTransform
{
    /// <summary>One of <see cref="StreamFormats.All"/>.</summary>
    public required string Format { get; init; }

    /// <summary>An expression over <c>event</c>, <c>name</c> and <c>model</c>: a text, the fields of a piece of the answer, or <c>null</c> for nothing.</summary>
    public required string Event { get; init; }

    /// <summary>An expression: whether the event is the last. With it a stream that ends without one is broken; without it the end of the answer is the end.</summary>
    public string? Done { get; init; }

    /// <summary>An expression for <c>usage</c>, or <c>null</c> where the event says nothing of it.</summary>
    public string? Usage { get; init; }
}

/// <summary>How a job is followed. <c>job</c> is the answer to its submission, <c>response</c> the latest.</summary>
public sealed record JobTransform
{
    /// <summary>Where it is asked after.</summary>
    public required JobCall Status { get; init; }

    /// <summary>An expression: whether it is done.</summary>
    public required string Done { get; init; }

    /// <summary>An expression: whether it failed; as <see cref="ProviderTransforms.Error"/>, or true and false.</summary>
    public string? Failed { get; init; }

    /// <summary>Between two questions: 100ms to 1m. Default 1s.</summary>
    public Duration? Interval { get; init; }

    /// <summary>Where the result lies once it is done; absent: in the latest answer.</summary>
    public JobCall? Result { get; init; }

    /// <summary>What ends it when nobody waits for it any more. Default method POST.</summary>
    public JobCall? Cancel { get; init; }
}

/// <summary>A further request of a job. Its address is at one of the provider's own servers, or it is not sent.</summary>
public sealed record JobCall
{
    /// <summary>One of <see cref="TransformMethods.OfJobs"/>.</summary>
    public string? Method { get; init; }

    /// <summary>Below the endpoint, as <see cref="RequestTransform.Path"/>; either this or <see cref="Url"/>.</summary>
    public string? Path { get; init; }

    /// <summary>An expression: the URL as the server gave it.</summary>
    public string? Url { get; init; }
}

public static class TransformMethods
{
    public static readonly IReadOnlyList<string> OfRequests = ["POST", "PUT"];

    public static readonly IReadOnlyList<string> OfJobs = ["GET", "POST", "PUT", "DELETE"];
}

public static class StreamFormats
{
    /// <summary>Server-sent events with JSON as their data.</summary>
    public const string Sse = "sse";

    /// <summary>A JSON text in each line.</summary>
    public const string Ndjson = "ndjson";

    public static readonly IReadOnlyList<string> All = [Sse, Ndjson];
}
