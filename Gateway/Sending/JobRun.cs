using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Translation.Custom;

namespace Orrery.Gateway.Sending;

/// <summary>A request that its engine takes as a job: submitted, asked after until it is done, and ended when nobody waits for it any more.</summary>
/// <remarks>
/// A client that leaves while the job is submitted does not cut the submission short: whoever does not know a job's address cannot end it. Each request of a job has the
/// provider's <c>perRequest</c> time, all of them together its <c>total</c>.
/// </remarks>
internal sealed partial class JobRun(IdleTimeoutPool timeouts, IOptions<GatewayOptions> options, TimeProvider time, ILogger<JobRun> logger)
{
    /// <summary>So many questions in a row may fail: the job goes on meanwhile, and is paid for.</summary>
    private const int MostFailures = 3;

    private static readonly TimeSpan CancelTime = TimeSpan.FromSeconds(5);

    private readonly int _longest = options.Value.MaxAnswerBytes;

    /// <param name="request">The submission.</param>
    /// <param name="timeout">Of the attempt; the client's leaving ends it.</param>
    /// <param name="end">When the whole exchange must be over.</param>
    /// <returns>The result as an answer, or the refusal of the submission; or why there is neither.</returns>
    public async Task<(HttpResponseMessage? Answer, SendError? Error)> RunAsync(JobAttempt attempt, HttpRequestMessage request, IdleTimeout timeout, long end)
    {
        var submission = timeouts.Rent(CancellationToken.None, end);
        var isAnswering = false;
        byte[] submitted;
        try
        {
            submission.Set(attempt.Candidate.Provider.RequestTimeout);
            var response = await attempt.Lease.Endpoint.Connections.SendAsync(request, submission.Token);
            isAnswering = true;
            if (!response.IsSuccessStatusCode)
            {
                return (response, null);
            }

            using (response)
            {
                submission.Set(attempt.Candidate.Provider.IdleTimeout);
                submitted = await ReadAsync(response, submission.Token);
            }
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            return (null, AttemptFailure.Of(attempt.Candidate, failure, submission, isAnswering));
        }
        finally
        {
            timeouts.Return(submission);
        }

        using var job = CustomAnswer.TryParse(submitted);
        return job is null ? (null, TooLongOrNoJson(attempt, submitted)) : await FollowAsync(attempt, job, submitted, timeout);
    }

    private async Task<(HttpResponseMessage? Answer, SendError? Error)> FollowAsync(JobAttempt attempt, JsonDocument job, byte[] submitted, IdleTimeout timeout)
    {
        var isOver = false;
        try
        {
            var (latest, error) = await WaitAsync(attempt, job, submitted, timeout);
            isOver = latest is not null || error is { IsOver: true };
            if (latest is null)
            {
                return (null, error!.Error);
            }

            if (attempt.Job.Result is { } result)
            {
                (latest, error) = await AskAsync(attempt, result, job, timeout);
            }

            return latest is null ? (null, error!.Error) : (Answer(latest), null);
        }
        finally
        {
            if (!isOver)
            {
                await CancelAsync(attempt, job);
            }
        }
    }

    private async Task<(byte[]? Latest, JobError? Error)> WaitAsync(JobAttempt attempt, JsonDocument job, byte[] latest, IdleTimeout timeout)
    {
        var failures = 0;
        while (true)
        {
            var (isDone, error) = Judge(attempt, job, latest);
            if (isDone || error is not null)
            {
                return error is null ? (latest, null) : (null, error);
            }

            byte[]? next;
            do
            {
                timeout.Set(attempt.Candidate.Provider.TotalTimeout);
                await Task.Delay(attempt.Job.Interval, time, timeout.Token);
                (next, error) = await AskAsync(attempt, attempt.Job.Status, job, timeout);
                failures = next is null ? failures + 1 : 0;
            }
            while (next is null && error!.MayAskAgain && failures < MostFailures);

            if (next is null)
            {
                return (null, error);
            }

            latest = next;
        }
    }

    /// <summary>What an answer says of the job.</summary>
    private (bool IsDone, JobError? Error) Judge(JobAttempt attempt, JsonDocument job, byte[] answer)
    {
        using var document = CustomAnswer.TryParse(answer);
        if (document is null)
        {
            return (false, new JobError(TooLongOrNoJson(attempt, answer)));
        }

        var (candidate, field) = (attempt.Candidate, attempt.Field);
        ReadOnlySpan<Value> variables = [Value.Json(job.RootElement), Value.Json(document.RootElement), candidate.UpstreamId];
        if (attempt.Job.Failed is { } failed)
        {
            var result = failed.Evaluate(variables);
            var error = result.Error is { } wrong
                ? TransformFault.OfAnswer(candidate, field + ".failed", wrong)
                : CustomErrors.Of(candidate, result.Value, StatusCodes.Status200OK, field + ".failed");
            if (error is not null)
            {
                return (false, new JobError(error) { IsOver = result.Error is null && error.Kind != SendErrorKind.Malformed });
            }
        }

        if (attempt.Adapter.FindError(candidate, document.RootElement) is { } found)
        {
            return (false, new JobError(found));
        }

        var done = attempt.Job.Done.Evaluate(variables);
        return done.Error is { } undecided ? (false, new JobError(TransformFault.OfAnswer(candidate, field + ".done", undecided))) : (done.IsTrue, null);
    }

    private async Task<(byte[]? Answer, JobError? Error)> AskAsync(JobAttempt attempt, CompiledCall call, JsonDocument job, IdleTimeout timeout)
    {
        if (JobAddress.Of(attempt.Candidate, attempt.Lease.Endpoint, call, job.RootElement, out var fault) is not { } address)
        {
            return (null, new JobError(fault!));
        }

        timeout.Set(attempt.Candidate.Provider.RequestTimeout);
        try
        {
            using var request = attempt.Request(call.Method, address);
            using var response = await attempt.Lease.Endpoint.Connections.SendAsync(request, timeout.Token);
            var body = await ReadAsync(response, timeout.Token);
            if (response.IsSuccessStatusCode)
            {
                return (body, null);
            }

            var error = Redirection.Of(attempt.Candidate, response) ?? attempt.Adapter.ReadError(attempt.Candidate, (int)response.StatusCode, body, retryAfter: null);
            return (null, new JobError(error) { MayAskAgain = error.Kind is SendErrorKind.ServerError or SendErrorKind.Unavailable or SendErrorKind.Throttled });
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return (null, new JobError(AttemptFailure.Of(attempt.Candidate, failure, timeout, isAnswering: false)) { MayAskAgain = !timeout.ClientLeft });
        }
    }

    /// <summary>Ends the job at the engine, as far as the engine lets it.</summary>
    private async Task CancelAsync(JobAttempt attempt, JsonDocument job)
    {
        if (attempt.Job.Cancel is not { } call || JobAddress.Of(attempt.Candidate, attempt.Lease.Endpoint, call, job.RootElement, out _) is not { } address)
        {
            return;
        }

        using var clock = new CancellationTokenSource(CancelTime, time);
        try
        {
            using var request = attempt.Request(call.Method, address);
            using var response = await attempt.Lease.Endpoint.Connections.SendAsync(request, clock.Token);
            Log.Cancelled(logger, attempt.Exchange.RequestId, attempt.Candidate.Provider.Name, (int)response.StatusCode);
        }
        catch (Exception failure) when (AttemptFailure.IsExpected(failure))
        {
            Log.NotCancelled(logger, attempt.Exchange.RequestId, attempt.Candidate.Provider.Name, failure.GetType().Name);
        }
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var read = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int count; read.Length <= _longest && (count = await body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await read.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return read.ToArray();
    }

    private SendError TooLongOrNoJson(JobAttempt attempt, byte[] answer) => answer.Length > _longest
        ? SendError.Of(attempt.Candidate, SendErrorKind.TooLong, $"answered about its job with more than {_longest} bytes (Gateway:MaxAnswerBytes)")
        : SendError.Of(attempt.Candidate, SendErrorKind.Malformed, "answered about its job with what is not JSON");

    private static HttpResponseMessage Answer(byte[] body) =>
        new() { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };

    private static partial class Log
    {
        [LoggerMessage(704, LogLevel.Debug, "{RequestId}: the job at provider {Provider} was ended, since nobody waits for it any more ({Status})", EventName = "JobCancelled")]
        public static partial void Cancelled(ILogger logger, string requestId, string provider, int status);

        [LoggerMessage(705, LogLevel.Warning, "{RequestId}: the job at provider {Provider} could not be ended and may go on ({Reason})", EventName = "JobNotCancelled")]
        public static partial void NotCancelled(ILogger logger, string requestId, string provider, string reason);
    }

    /// <param name="Error">Why there is no result.</param>
    private sealed record JobError(SendError Error)
    {
        /// <summary>The engine itself says so: there is nothing left to end.</summary>
        public bool IsOver { get; init; }

        /// <summary>The question failed, and not the job.</summary>
        public bool MayAskAgain { get; init; }
    }
}
