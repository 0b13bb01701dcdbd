using Microsoft.Extensions.Options;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Videos;

namespace Orrery.Gateway.Sending.Videos;

/// <summary>Takes what an engine answers to a request for a video: a job, or the video itself. Either is kept before the client is told of it.</summary>
internal sealed partial class VideoReceiver(VideoStore store, VideoFiles files, BufferPool buffers, IOptions<VideoOptions> options, TimeProvider time, ILogger<VideoReceiver> logger)
{
    private const int LongestJob = 1 << 20;
    private const int ReadSize = 64 << 10;

    private readonly TimeSpan _keep = options.Value.Keep;

    public async Task<SendError?> ReceiveAsync(Exchange exchange, EndpointLease lease, HttpResponseMessage response, IdleTimeout timeout)
    {
        var candidate = lease.Candidate;
        var (video, error) = IsVideo(response)
            ? await KeepAsync(New(exchange, lease), candidate, response, timeout)
            : await ReadJobAsync(New(exchange, lease), candidate, response, timeout);
        if (video is null)
        {
            return error;
        }

        timeout.Clear();
        if (exchange.Run is { } run)
        {
            run.Answer = new MadeVideo(video); // It is stored already, and gets its end with the run's.
            return await AnswerAsync(exchange, candidate, video);
        }

        return await AddAsync(video, candidate) ?? await AnswerAsync(exchange, candidate, video);
    }

    private StoredVideo New(Exchange exchange, EndpointLease lease) => VideoState.New(exchange, exchange.Run?.Id ?? VideoState.NewId(), time.GetUtcNow(), _keep) with
    {
        Model = lease.Candidate.Model.Id,
        Provider = lease.Candidate.Provider.Name,
        Endpoint = lease.Endpoint.Url,
        ProviderKey = exchange.ProviderKey?.Position,
    };

    private async Task<(StoredVideo? Video, SendError? Error)> ReadJobAsync(StoredVideo video, Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        var buffer = buffers.Rent(LongestJob);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            timeout.Set(candidate.Provider.IdleTimeout);
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, timeout.Token);
            var answer = buffer.AsMemory(0, length);
            if (EngineJob.Read(answer, candidate.Provider.Access) is not { } job)
            {
                return (null, SendError.Of(candidate, SendErrorKind.Malformed, "answered a request for a video with neither a JSON object nor a video"));
            }

            if (job.Id is null && job.Output is null)
            {
                return (null, AnswerScan.IsError(answer.Span)
                    ? candidate.Provider.Adapter.ReadError(candidate, StatusCodes.Status200OK, answer.Span, retryAfter: null)
                    : SendError.Of(candidate, SendErrorKind.Malformed, "answered a request for a video without a job's id"));
            }

            job = job with { Status = job.Status ?? (job.Id is null ? VideoStatus.Completed : VideoStatus.Queued) };
            return (VideoState.After(video with { Job = job.Id }, job, time.GetUtcNow(), _keep), null);
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private async Task<(StoredVideo? Video, SendError? Error)> KeepAsync(StoredVideo video, Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        var buffer = buffers.Rent(ReadSize);
        try
        {
            await using var file = files.Begin(video.Id);
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            while (true)
            {
                timeout.Set(candidate.Provider.IdleTimeout);
                var read = await body.ReadAsync(buffer, timeout.Token);
                timeout.Clear();
                if (read == 0)
                {
                    break;
                }

                if (file.Length + read > files.MaxBytes)
                {
                    return (null, SendError.Of(candidate, SendErrorKind.TooLong, $"answered with more than {files.MaxBytes} bytes ({VideoOptions.Section}:{nameof(VideoOptions.MaxBytes)})"));
                }

                await SocketThreads.Leave(); // The disk is waited for.
                await file.AppendAsync(buffer.AsMemory(0, read));
            }

            if (file.Length == 0)
            {
                return (null, SendError.Of(candidate, SendErrorKind.Malformed, "answered with an empty video"));
            }

            file.Keep();
            var completed = VideoState.After(video, new EngineJob { Status = VideoStatus.Completed }, time.GetUtcNow(), _keep);
            return (completed with { ContentType = TypeOf(response, candidate.Provider.Access) }, null);
        }
        catch (VideoFileException error)
        {
            Log.NotKept(logger, video.Id, error.Message);
            return (null, Full(candidate));
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private async Task<SendError?> AddAsync(StoredVideo video, Candidate candidate)
    {
        try
        {
            await store.AddAsync(video, CancellationToken.None); // The engine has it, so it is kept, whether or not the client is still there.
            return null;
        }
        catch (StorageAwayException away)
        {
            Log.Lost(logger, video.Provider!, candidate.Model.Id, video.Job ?? "none", away.Message);
            files.Delete(video.Id);
            var refusal = away.ToRefusal();
            return SendError.Of(candidate, SendErrorKind.RequestRefused, refusal.Message) with { Status = refusal.Status, Type = refusal.Type, Code = refusal.Code };
        }
        catch (Exception error)
        {
            Log.Lost(logger, video.Provider!, candidate.Model.Id, video.Job ?? "none", error.Message);
            files.Delete(video.Id);
            throw;
        }
    }

    private static async Task<SendError?> AnswerAsync(Exchange exchange, Candidate candidate, StoredVideo video)
    {
        var answer = VideoWords.Video(video);
        exchange.Http.Response.StatusCode = StatusCodes.Status200OK;
        AnswerHead.ForWhole(exchange, candidate, answer.Length);
        var flushed = await exchange.Http.Response.BodyWriter.WriteAsync(answer, exchange.ClientLeft);
        return flushed.IsCompleted ? SendError.Of(candidate, SendErrorKind.ClientLeft, "had answered") : null;
    }

    private static SendError Full(Candidate candidate) =>
        SendError.Of(candidate, SendErrorKind.RequestRefused, $"The gateway cannot keep the video on its disk ({VideoOptions.Section}:{nameof(VideoOptions.Directory)}). Its log says why.") with
        {
            Status = StatusCodes.Status503ServiceUnavailable,
            Type = RefusalTypes.Unavailable,
            Code = "storage_unavailable",
        };

    private static bool IsVideo(HttpResponseMessage response) => TypeOf(response, out var type)
        && (type.StartsWith("video/", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase));

    private static string TypeOf(HttpResponseMessage response, ProviderAccess access) =>
        TypeOf(response, out var type) && type.StartsWith("video/", StringComparison.OrdinalIgnoreCase) && PlainHeader.IsPlain(type) && access.Mask(type) == type ? type : "video/mp4";

    private static bool TypeOf(HttpResponseMessage response, out string type)
    {
        type = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values) ? values.ToString() : "";
        return type.Length > 0;
    }

    private static partial class Log
    {
        [LoggerMessage(711, LogLevel.Error, "Provider {Provider} makes a video by the model {Model} under the id {Job}, which could not be kept: {Reason}", EventName = "VideoLost")]
        public static partial void Lost(ILogger logger, string provider, string model, string job, string reason);

        [LoggerMessage(712, LogLevel.Error, "The video {Video} cannot be written: {Reason}", EventName = "VideoNotKept")]
        public static partial void NotKept(ILogger logger, string video, string reason);
    }
}
