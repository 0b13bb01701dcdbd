using System.Globalization;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending.Videos;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Custom;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Sending;

/// <summary>
/// Attempts, one after the other, each at another endpoint, until one answers or the client has seen a byte. One budget holds for retries and
/// fallbacks together: so many attempts, none after so long. Who refuses without having been asked costs no attempt.
/// </summary>
internal sealed partial class Sender(
    EndpointPicker picker,
    Dice dice,
    ProviderGate limits,
    IdleTimeoutPool timeouts,
    EngineStreams streams,
    StreamRelay relay,
    WholeAnswer whole,
    BodyTranslation translation,
    ByteRelay bytes,
    JobRun jobs,
    VideoReceiver videos,
    BufferPool buffers,
    GatewayTelemetry telemetry,
    IOptions<GatewayOptions> options,
    TimeProvider time,
    ILogger<Sender> logger)
{
    private const int LongestErrorBody = 64 << 10;

    /// <summary>The least that is added to a pause, so that those who waited for its end do not all come at once.</summary>
    private static readonly TimeSpan LeastSpread = TimeSpan.FromMilliseconds(50);

    private readonly int _maxAttempts = options.Value.MaxAttempts;
    private readonly TimeSpan _retryWithin = options.Value.RetryWithin;
    private readonly TimeSpan _maxRetryWait = options.Value.MaxRetryWait;

    /// <returns><c>null</c> when the client has its answer, or has left.</returns>
    public async Task<Refusal?> SendAsync(Exchange exchange)
    {
        var began = time.GetTimestamp();
        var tried = new TriedEndpoints();
        Failures? failures = null;
        while (MayBegin(tried, began))
        {
            exchange.Error = null;
            if (picker.TryTake(exchange, ref tried) is not { } taken)
            {
                if (failures?.TakeSaturated() is { } saturated)
                {
                    tried.Unskip(saturated);
                    continue;
                }

                failures ??= new();
                if (tried.Pause is not { } pause || !MayWait(exchange, pause, failures.Waited, began))
                {
                    break;
                }

                failures.Waited += await WaitAsync(exchange, pause);
                tried.Forget(pause.Endpoint);
                continue;
            }

            if (tried.Attempts > 1 && time.GetTimestamp() >= EndOf(exchange, taken.Candidate))
            {
                taken.Dispose();
                tried.Skip(exchange.Plan, limit: null); // It would have no time left to answer in.
                continue;
            }

            exchange.Candidate = taken.Candidate;
            exchange.Meter.Begin();
            var mayWait = failures is { MayWaitForPlace: true } || ReferenceEquals(exchange.Plan.Candidates[^1], taken.Candidate);
            var entering = limits.EnterAsync(exchange, taken.Candidate, mayWait, out var hold);
            var waits = !entering.IsCompletedSuccessfully;
            if (waits)
            {
                taken.Dispose(); // Who waits for a place holds no endpoint: it would count as busy, as slow, and as the one that probes it.
            }

            exchange.Error = await entering;
            if (waits)
            {
                taken = picker.TakeAgain(exchange, taken, ref tried);
            }

            using var lease = taken;
            if (exchange.Error is null)
            {
                try
                {
                    exchange.ProviderKey = null;
                    if (lease.Candidate.Provider.Access.Keys is { } ring)
                    {
                        tried.FurtherKeys += await AttemptAsync(exchange, lease, tried.Attempts, ring);
                    }
                    else
                    {
                        exchange.Error = await AttemptAsync(exchange, lease, tried.Attempts);
                    }
                }
                finally
                {
                    limits.Leave(exchange, hold);
                }

                lease.Ended(exchange.Error, exchange.Meter.FirstTokenTimestamp);
            }

            if (exchange.Error is not { MayTryAnother: true } error || exchange.Http.Response.HasStarted)
            {
                return End(exchange);
            }

            Log.AttemptFailed(logger, exchange.RequestId, error.Provider, lease.Endpoint.Shown, error.Kind, error.Detail);
            (failures ??= new()).Add(lease.Candidate, error, mayWait);
            if (error.IsUnasked)
            {
                tried.Skip(exchange.Plan, error.Limit);
            }
            else if (error.Kind == SendErrorKind.TooLongHere)
            {
                tried.Exclude(lease.Candidate);
            }
        }

        (exchange.Error, exchange.Candidate) = failures!.Tell(exchange.Plan, tried.Pause); // The loop goes on after a failure, and ends without an answer after nothing else.
        return End(exchange);
    }

    private static Refusal? End(Exchange exchange)
    {
        if (exchange.Error is null or { Kind: SendErrorKind.ClientLeft } || exchange.Http.Response.HasStarted)
        {
            return null;
        }

        AnswerHead.Mark(exchange.Http.Response, exchange.Candidate!); // There is one where there is an error.
        return exchange.Error.ToRefusal();
    }

    /// <summary>Asks one endpoint with one of its provider's keys after the other, as long as it is the key that is refused.</summary>
    /// <returns>How many attempts there were beyond the first.</returns>
    private async Task<int> AttemptAsync(Exchange exchange, EndpointLease lease, int attempt, KeyRing ring)
    {
        var keys = new KeyTurn(ring);
        if (!keys.TryNext(exchange))
        {
            exchange.Error = ring.Waiting(lease.Candidate); // Another request was quicker.
            return 0;
        }

        for (var further = 0; ; further++)
        {
            exchange.Error = await AttemptAsync(exchange, lease, attempt + further);
            if (!keys.Judge(exchange) || attempt + further >= _maxAttempts || !keys.TryNext(exchange))
            {
                return further;
            }

            exchange.Meter.Begin();
            Log.KeyFailed(logger, exchange.RequestId, lease.Candidate.Provider.Name, exchange.Error!.Kind, exchange.Error.Status, attempt + further + 1);
        }
    }

    private bool MayBegin(in TriedEndpoints tried, long began) =>
        tried.Attempts < _maxAttempts && !tried.HasSkippedMost && (tried.Attempts == 0 || time.GetElapsedTime(began) < _retryWithin);

    /// <summary>Nobody else can serve, and whoever asked to be left alone may be asked again so soon that it is worth waiting for.</summary>
    private bool MayWait(Exchange exchange, Pause pause, TimeSpan waited, long began) =>
        waited + pause.Remaining <= _maxRetryWait
        && time.GetElapsedTime(began) + pause.Remaining < _retryWithin
        && time.GetElapsedTime(exchange.StartTimestamp) + pause.Remaining < pause.Candidate.Provider.TotalTimeout;

    /// <summary>Waits for the end of a pause and up to a quarter of it more.</summary>
    private async Task<TimeSpan> WaitAsync(Exchange exchange, Pause pause)
    {
        var spread = Math.Max(LeastSpread.Ticks, pause.Remaining.Ticks / 4);
        var wait = pause.Remaining + TimeSpan.FromTicks(dice.Next(spread));
        Log.Waits(logger, exchange.RequestId, pause.Candidate.Provider.Name, pause.Endpoint.Shown, wait);
        await Task.Delay(wait, time, exchange.ClientLeft);
        return wait;
    }

    private async Task<SendError?> AttemptAsync(Exchange exchange, EndpointLease lease, int attempt)
    {
        var candidate = lease.Candidate;
        using var span = telemetry.StartAttempt(exchange, lease, attempt);
        exchange.Story?.AttemptBegins(lease, attempt, exchange.ProviderKey?.Shown);
        var timeout = timeouts.Rent(exchange.ClientLeft, EndOf(exchange, candidate));
        var (began, isAnswering) = (time.GetTimestamp(), false);
        exchange.SaysSimulated = false;
        SendError? error;
        try
        {
            timeout.Set(candidate.Provider.RequestTimeout);
            using var request = EngineRequest.Create(exchange, lease, span?.Id ?? exchange.Trace.Traceparent, translation, out error);
            if (request is not null)
            {
                var (answer, unanswered) = JobOf(exchange, lease, span?.Id ?? exchange.Trace.Traceparent) is { } job
                    ? await jobs.RunAsync(job, request, timeout, EndOf(exchange, candidate))
                    : (await lease.Endpoint.Connections.SendAsync(request, timeout.Token), null);
                error = unanswered;
                using var response = answer;
                if (response is not null)
                {
                    isAnswering = true;
                    exchange.SaysSimulated = SaysSimulated(response);
                    if (IsAnswer(exchange, candidate, response))
                    {
                        lease.Answers();
                    }

                    error = await ReceiveAsync(exchange, lease, response, timeout);
                }
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

    /// <summary>A simulator says on every answer that it is one.</summary>
    private static bool SaysSimulated(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(OrreryHeaders.Simulated, out var said) && said.ToString() == "true";

    private async Task<SendError?> ReceiveAsync(Exchange exchange, EndpointLease lease, HttpResponseMessage response, IdleTimeout timeout)
    {
        var candidate = lease.Candidate;
        if (!IsAnswer(exchange, candidate, response))
        {
            return Redirection.Of(candidate, response) ?? await ReadErrorAsync(candidate, response, exchange.Operation.IsPassThrough, timeout);
        }

        if (exchange.Operation == Operation.VideoGeneration)
        {
            return await videos.ReceiveAsync(exchange, lease, response, timeout);
        }

        exchange.Http.Response.StatusCode = exchange.Operation.IsPassThrough ? (int)response.StatusCode : StatusCodes.Status200OK;
        if (candidate.Provider.Adapter is CustomAdapter custom)
        {
            return custom.FormOf(exchange, TypeOf(response)) switch
            {
                AnswerForm.Whole => await whole.RelayAsync(exchange, candidate, response, timeout),
                AnswerForm.Stream => await StreamAsync(exchange, candidate, response, timeout),
                AnswerForm.Bytes => await bytes.RelayAsync(exchange, candidate, response, timeout),
                _ => await ReadErrorAsync(candidate, response, isPassThrough: false, timeout),
            };
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
            return await ReadErrorAsync(candidate, response, exchange.Operation.IsPassThrough, timeout);
        }

        if (!isEventStream)
        {
            return await whole.RelayAsync(exchange, candidate, response, timeout);
        }

        return await StreamAsync(exchange, candidate, response, timeout);
    }

    private async Task<SendError?> StreamAsync(Exchange exchange, Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
        await using var upstream = streams.Open(body, isEncrypted: response.RequestMessage?.RequestUri?.Scheme == Uri.UriSchemeHttps, timeout);
        return await relay.RelayAsync(exchange, candidate, upstream, timeout);
    }

    /// <summary>A job may be 201 or 202. What else succeeds at a path that is passed through is the engine's to say.</summary>
    private static bool IsAnswer(Exchange exchange, Candidate candidate, HttpResponseMessage response) =>
        candidate.Provider.Adapter.IsAnswer((int)response.StatusCode)
        || (exchange.Operation.IsPassThrough && response.IsSuccessStatusCode)
        || (exchange.Operation == Operation.VideoGeneration && response.StatusCode is System.Net.HttpStatusCode.Created or System.Net.HttpStatusCode.Accepted);

    private static JobAttempt? JobOf(Exchange exchange, EndpointLease lease, string traceparent) =>
        lease.Candidate.Provider.Adapter is CustomAdapter custom && custom.JobOf(exchange.Operation) is { } job ? new JobAttempt(exchange, lease, custom, job, traceparent) : null;

    /// <summary>Reads why there is no answer; a 200 that holds neither the stream asked for nor an error is one too.</summary>
    private async Task<SendError> ReadErrorAsync(Candidate candidate, HttpResponseMessage response, bool isPassThrough, IdleTimeout timeout)
    {
        var buffer = buffers.Rent(LongestErrorBody);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            timeout.Set(candidate.Provider.IdleTimeout);
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, timeout.Token);
            if (response.IsSuccessStatusCode && !AnswerScan.IsError(buffer.AsSpan(0, length)))
            {
                return SendError.Of(candidate, SendErrorKind.Malformed, "answered a request for a stream without one");
            }

            var error = candidate.Provider.Adapter.ReadError(candidate, (int)response.StatusCode, buffer.AsSpan(0, length), RetryAfterOf(response));
            error = isPassThrough ? error : UpstreamErrors.WithPath(error, candidate, response.RequestMessage?.RequestUri);
            return error is { Kind: SendErrorKind.Throttled, RetryAfter: null } && candidate.Provider.Access.Keys is not null
                ? error with { RetryAfter = RateLimitReset.Of(response.Headers, time.GetUtcNow()) }
                : error;
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    /// <remarks>OpenAI and Azure say it in milliseconds too, which is what their own clients look at first.</remarks>
    private TimeSpan? RetryAfterOf(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("retry-after-ms", out var values)
            && double.TryParse(values.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var ms) && ms is >= 0 and < int.MaxValue
            ? TimeSpan.FromMilliseconds(ms)
        : response.Headers.RetryAfter is not { } header ? null
        : header.Delta ?? (header.Date is { } date && date > time.GetUtcNow() ? date - time.GetUtcNow() : null);

    private static bool IsEventStream(HttpResponseMessage response) => HasType(response, "text/event-stream");

    private static bool IsJson(HttpResponseMessage response) => HasType(response, "application/json");

    private static bool HasType(HttpResponseMessage response, string type) => TypeOf(response).StartsWith(type, StringComparison.OrdinalIgnoreCase);

    private static string TypeOf(HttpResponseMessage response) => response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values) ? values.ToString() : "";

    private long EndOf(Exchange exchange, Candidate candidate) =>
        exchange.StartTimestamp + (long)(candidate.Provider.TotalTimeout.TotalSeconds * time.TimestampFrequency);

    private static partial class Log
    {
        [LoggerMessage(701, LogLevel.Debug, "{RequestId}: provider {Provider} at {Endpoint} failed ({Kind}): {Detail}", EventName = "AttemptFailed")]
        public static partial void AttemptFailed(ILogger logger, string requestId, string provider, string endpoint, SendErrorKind kind, string detail);

        [LoggerMessage(702, LogLevel.Debug, "{RequestId}: provider {Provider} refused a key ({Kind}, {Status}); attempt {Attempt} goes to the same endpoint with the next", EventName = "KeyFailed")]
        public static partial void KeyFailed(ILogger logger, string requestId, string provider, SendErrorKind kind, int status, int attempt);

        [LoggerMessage(703, LogLevel.Debug, "{RequestId}: nobody else can serve, so provider {Provider} at {Endpoint} is asked again in {Wait}, as it wishes", EventName = "AttemptWaits")]
        public static partial void Waits(ILogger logger, string requestId, string provider, string endpoint, TimeSpan wait);
    }
}
