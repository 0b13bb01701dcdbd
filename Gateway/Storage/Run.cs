using Orrery.Contracts;

namespace Orrery.Gateway.Storage;

/// <summary>A request that is answered without its client: it goes the way of every other, as the key that sent it, and what comes of it is stored.</summary>
internal sealed class Run : IDisposable
{
    private readonly CancellationTokenSource _cancelled = new();
    private readonly TaskCompletionSource<RunAnswer?> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Run() => Cancelled = _cancelled.Token;

    public required IRunKind Kind { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The id of what comes of it.</summary>
    public required string Id { get; init; }

    public required string KeyName { get; init; }

    /// <summary>The request's headers that count: no credentials.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public required byte[] Body { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What its kind keeps for it; <c>null</c> where another gateway began it.</summary>
    public object? State { get; init; }

    /// <summary>Where its answer goes: what <see cref="IRunKind.OpenAnswer"/> opened; closed at its end.</summary>
    public Stream? Answer { get; set; }

    /// <summary>Only simulators can answer it. Known once it has begun.</summary>
    public bool IsSimulated { get; set; }

    /// <summary>Which gateway in a row runs it; the first is 1.</summary>
    public int Attempt { get; init; } = 1;

    public CancellationToken Cancelled { get; }

    /// <summary>Ends with <c>null</c> once it goes to an engine; with an answer where it was refused before.</summary>
    public Task<RunAnswer?> Begun => _begun.Task;

    /// <summary>It is stored: it has begun, or another gateway had begun it.</summary>
    public bool IsStored => Attempt > 1 || (Begun.IsCompletedSuccessfully && Begun.Result is null);

    /// <summary>Ends when more of it has been stored than now.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>A client's request, to go on without it.</summary>
    /// <param name="id">Of what comes of it.</param>
    /// <param name="state">What its kind keeps for it.</param>
    public static Run Of(Exchange exchange, IRunKind kind, string id, byte[] body, object? state = null) => new()
    {
        Kind = kind,
        Namespace = exchange.Caller.Namespace,
        Id = id,
        KeyName = exchange.Caller.Key.Name,
        Headers = HeadersOf(exchange),
        Body = body,
        CreatedAt = exchange.StartedAt,
        State = state,
    };

    public void Cancel()
    {
        try
        {
            _cancelled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    public void HasBegun(RunAnswer? refused) => _begun.TrySetResult(refused);

    public void HasChanged() => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    public void Dispose() => _cancelled.Dispose();

    /// <summary>Ours, and the trace's: another gateway may have to run it, and credentials are not stored.</summary>
    private static Dictionary<string, string> HeadersOf(Exchange exchange)
    {
        var headers = exchange.Http.Request.Headers
            .Where(header => header.Key.StartsWith("X-Orrery-", StringComparison.OrdinalIgnoreCase) || header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        headers["traceparent"] = exchange.Trace.Traceparent;
        headers[OrreryHeaders.RequestId] = exchange.RequestId;
        return headers;
    }
}

/// <summary>What a run was answered with.</summary>
/// <param name="Body">What was not taken by <see cref="IRunKind.OpenAnswer"/>'s stream otherwise.</param>
/// <param name="IsWhole">The answer came to its end.</param>
internal sealed record RunAnswer(int Status, IHeaderDictionary Headers, ReadOnlyMemory<byte> Body, bool IsWhole);
