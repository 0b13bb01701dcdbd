using System.Net;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway.Sending;

/// <summary>Attempts, one after the other, each at another endpoint, until one answers or the client has seen a byte.</summary>
internal sealed partial class Sender(
    EndpointPicker picker,
    ProviderGate limits,
    IdleTimeoutPool timeouts,
    StreamRelay stream,
    WholeAnswer whole,
    BodyTranslation translation,
    ByteRelay bytes,
    BufferPool buffers,
    GatewayTelemetry telemetry,
    IOptions<GatewayOptions> options,
    TimeProvider time,
    ILogger<Sender> logger)
{
    private const int LongestErrorBody = 64 << 10;
    private readonly int _maxAttempts = options.Value.MaxAttempts;

    /// <returns><c>null</c> when the client has its answer, or has left.</returns>
    public async Task<Refusal?> SendAsync(Exchange exchange)
    {
        var tried = new TriedEndpoints();
        while (tried.Attempts < _maxAttempts && picker.TryTake(exchange, ref tried) is { } taken)
        {
            using var lease = taken;
            tried.Attempts++;
            exchange.Candidate = lease.Candidate;
            exchange.Meter.Begin();
            exchange.Error = await limits.EnterAsync(exchange, lease.Candidate, out var hold);
            if (exchange.Error is not null)
            {
                continue; // The provider was not asked, so nothing is known of its health.
            }

            try
            {
                if (lease.Candidate.Provider.Access.Keys is { } keys)
                {
                    tried.Attempts = await AttemptWithKeysAsync(exchange, lease, keys, tried.Attempts);
                }
                else
                {
                    exchange.ProviderKey = null;
                    exchange.Error = await AttemptAsync(exchange, lease, tried.Attempts);
                }
            }
            finally
            {
                limits.Leave(exchange, hold);
            }

            lease.Ended(exchange.Error, exchange.Meter.FirstTokenTimestamp);
            if (exchange.Error is not { MayTryAnother: true } error || exchange.Http.Response.HasStarted)
            {
                break;
            }

            Log.AttemptFailed(logger, exchange.RequestId, error.Provider, lease.Endpoint.Shown, error.Kind, error.Detail);
        }

        if (exchange.Candidate is null)
        {
            (exchange.Candidate, exchange.Error) = KeyWait.Of(exchange.Plan);
        }

        if (exchange.Error is null or { Kind: SendErrorKind.ClientLeft } || exchange.Http.Response.HasStarted)
        {
            return null;
        }

        AnswerHead.Mark(exchange.Http.Response, exchange.Candidate!); // There is one where there is an error.
        return exchange.Error.ToRefusal();
    }

    /// <summary>Asks one endpoint with one key after the other, as long as it is the key that is refused.</summary>
    /// <returns>How many attempts there were up to now.</returns>
    private async Task<int> AttemptWithKeysAsync(Exchange exchange, EndpointLease lease, KeyRing ring, int attempt)
    {
        var keys = new KeyTurn(ring);
        if (!keys.TryNext(exchange))
        {
            exchange.Error = ring.Waiting(lease.Candidate); // Another request was quicker.
            return attempt;
        }

        while (true)
        {
            exchange.Error = await AttemptAsync(exchange, lease, attempt);
            if (!keys.Judge(exchange) || attempt >= _maxAttempts || !keys.TryNext(exchange))
            {
                return attempt;
            }

            attempt++;
            exchange.Meter.Begin();
            Log.KeyFailed(logger, exchange.RequestId, lease.Candidate.Provider.Name, exchange.Error!.Kind, exchange.Error.Status, attempt);
        }
    }

    private async Task<SendError?> AttemptAsync(Exchange exchange, EndpointLease lease, int attempt)
    {
        var candidate = lease.Candidate;
        using var span = telemetry.StartAttempt(exchange, lease, attempt);
        exchange.Story?.AttemptBegins(lease, attempt, exchange.ProviderKey?.Shown);
        var timeout = timeouts.Rent(exchange.ClientLeft, EndOf(exchange, candidate));
        var (began, isAnswering) = (time.GetTimestamp(), false);
        SendError? error;
        try
        {
            timeout.Set(candidate.Provider.RequestTimeout);
            using var request = EngineRequest.Create(exchange, lease, span?.Id ?? exchange.Trace.Traceparent, translation, out error);
            if (request is not null)
            {
                using var response = await lease.Endpoint.Connections.SendAsync(request, timeout.Token);
                isAnswering = true;
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    lease.Answers();
                }

                error = await ReceiveAsync(exchange, candidate, response, timeout);
            }
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            error = AttemptFailure.Of(candidate, failure, timeout, isAnswering);
        }
        finally
        {
            timeouts.Return(timeout);
        }

        if (error is null)
        {
            candidate.Latency.Observe(time.GetElapsedTime(began, exchange.Meter.FirstTokenTimestamp ?? time.GetTimestamp()));
        }

        telemetry.EndAttempt(span, exchange, error);
        exchange.Story?.AttemptEnded(error);
        return error;
    }

    private async Task<SendError?> ReceiveAsync(Exchange exchange, Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return await ReadErrorAsync(candidate, response, timeout);
        }

        var isEventStream = exchange.Call.Stream && IsEventStream(response);
        if (exchange.Operation.Answer == AnswerShape.AsItComes)
        {
            // Whether there is a stream is the engine's to say: speech has its own field for it, and some models know none and answer whole.
            isEventStream = IsEventStream(response);
            if (exchange.Operation.IsPassThrough ? !IsJson(response) : !isEventStream && !IsJson(response))
            {
                return await bytes.RelayAsync(exchange, candidate, response, timeout);
            }
        }
        else if (exchange.Call.Stream && !isEventStream)
        {
            return await ReadErrorAsync(candidate, response, timeout);
        }

        if (!isEventStream)
        {
            return await whole.RelayAsync(exchange, candidate, response, timeout);
        }

        await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
        return await stream.RelayAsync(exchange, candidate, body, timeout);
    }

    /// <summary>Reads why there is no answer; a 200 that holds neither the stream asked for nor an error is one too.</summary>
    private async Task<SendError> ReadErrorAsync(Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        var buffer = buffers.Rent(LongestErrorBody);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            timeout.Set(candidate.Provider.IdleTimeout);
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, timeout.Token);
            if (response.StatusCode == HttpStatusCode.OK && !AnswerScan.IsError(buffer.AsSpan(0, length)))
            {
                return SendError.Of(candidate, SendErrorKind.Malformed, "answered a request for a stream without one");
            }

            var error = candidate.Provider.Adapter.ReadError(candidate, (int)response.StatusCode, buffer.AsSpan(0, length), RetryAfterOf(response));
            return error is { Kind: SendErrorKind.Throttled, RetryAfter: null } && candidate.Provider.Access.Keys is not null
                ? error with { RetryAfter = RateLimitReset.Of(response.Headers, time.GetUtcNow()) }
                : error;
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not { } header ? null
        : header.Delta ?? (header.Date is { } date && date > time.GetUtcNow() ? date - time.GetUtcNow() : null);

    private static bool IsEventStream(HttpResponseMessage response) => HasType(response, "text/event-stream");

    private static bool IsJson(HttpResponseMessage response) => HasType(response, "application/json");

    private static bool HasType(HttpResponseMessage response, string type) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values)
        && values.ToString().StartsWith(type, StringComparison.OrdinalIgnoreCase);

    private long EndOf(Exchange exchange, Candidate candidate) =>
        exchange.StartTimestamp + (long)(candidate.Provider.TotalTimeout.TotalSeconds * time.TimestampFrequency);

    private static partial class Log
    {
        [LoggerMessage(701, LogLevel.Debug, "{RequestId}: provider {Provider} at {Endpoint} failed ({Kind}): {Detail}", EventName = "AttemptFailed")]
        public static partial void AttemptFailed(ILogger logger, string requestId, string provider, string endpoint, SendErrorKind kind, string detail);

        [LoggerMessage(702, LogLevel.Debug, "{RequestId}: provider {Provider} refused a key ({Kind}, {Status}); attempt {Attempt} goes to the same endpoint with the next", EventName = "KeyFailed")]
        public static partial void KeyFailed(ILogger logger, string requestId, string provider, SendErrorKind kind, int status, int attempt);
    }
}
