using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>An answer that is no JSON, such as sound: sent on as it comes and not looked into. Until its first byte the client has seen nothing.</summary>
/// <remarks>
/// There is no place in it for an error, so one that breaks off breaks the client's connection: HTTP has no other way to say that a body is not whole.
/// </remarks>
internal sealed class ByteRelay(TimeProvider time)
{
    private const int ReadSize = 16 << 10;

    public async Task<SendError?> RelayAsync(Exchange exchange, Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        var client = exchange.Http.Response;
        if (EncodingOf(response) is { } encoding)
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, $"answered in the encoding '{Shown.Of(encoding)}', which it was not asked for");
        }

        SendError? error;
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            error = await RelayAsync(exchange, candidate, response, body, timeout);
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            error = AttemptFailure.Of(candidate, failure, timeout, isAnswering: true);
        }

        if (error is not null && client.HasStarted)
        {
            exchange.Http.Abort();
        }

        return error;
    }

    private async Task<SendError?> RelayAsync(Exchange exchange, Candidate candidate, HttpResponseMessage response, Stream body, IdleTimeout timeout)
    {
        var client = exchange.Http.Response;
        var output = client.BodyWriter;
        var hasBegun = false;
        while (true)
        {
            timeout.Set(candidate.Provider.IdleTimeout);
            await WaitForBytesAsync(body, timeout.Token);
            var read = await body.ReadAsync(output.GetMemory(ReadSize), timeout.Token);
            if (!hasBegun)
            {
                hasBegun = true;
                AnswerHead.ForBytes(exchange, candidate, ContentTypeOf(response), response.Content.Headers.ContentLength, isEmpty: read == 0);
            }

            if (read == 0)
            {
                await client.StartAsync(exchange.ClientLeft); // An empty answer is one too.
                return null;
            }

            output.Advance(read);
            var flush = output.FlushAsync(exchange.ClientLeft);
            if (!flush.IsCompleted)
            {
                timeout.Clear(); // A slow client is not a slow engine.
            }

            var flushed = await flush;
            exchange.Meter.SawContent(time.GetTimestamp());
            if (flushed.IsCompleted || exchange.ClientLeft.IsCancellationRequested)
            {
                return SendError.Of(candidate, SendErrorKind.ClientLeft, "was answering");
            }
        }
    }

    /// <summary>Ends when there is something to read, or the end, without holding a buffer meanwhile.</summary>
    private static ValueTask<int> WaitForBytesAsync(Stream body, CancellationToken cancellationToken) => body.ReadAsync(Memory<byte>.Empty, cancellationToken);

    /// <remarks>The client would take packed bytes for sound: the header is the engine's and stays with us.</remarks>
    private static string? EncodingOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var values) && values.ToString() is var encoding
        && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)
            ? encoding
            : null;

    private static string? ContentTypeOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values) ? values.ToString() : null;
}
