using System.Net;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Videos;
using Orrery.ServiceDefaults;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Sending.Videos;

/// <summary>The servers that have jobs, asked with their provider's credential, as the snapshot in force has it.</summary>
internal sealed partial class VideoEngines(IdleTimeoutPool timeouts, BufferPool buffers, Dice dice, TimeProvider time, ILogger<VideoEngines> logger)
{
    private const int LongestAnswer = 1 << 20;

    /// <summary>A client waits meanwhile, and what was known before is an answer too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks how far a job is.</summary>
    public async Task<JobNews> AskAsync(HttpContext http, Snapshot snapshot, StoredVideo video)
    {
        if (PlaceOf(snapshot, video) is not { } place || !place.Endpoint.Health.TryEnter(out var ticket))
        {
            return JobNews.None;
        }

        var timeout = timeouts.Rent(http.RequestAborted, time.GetTimestamp() + (long)(Patience.TotalSeconds * time.TimestampFrequency));
        try
        {
            timeout.Set(Patience);
            using var request = Request(http, HttpMethod.Get, place, place.Videos.EffectiveStatus, video);
            using var response = await place.Endpoint.Connections.SendAsync(request, timeout.Token);
            place.Endpoint.Health.Answers(ticket);
            return await ReadAsync(place, video, response, timeout);
        }
        catch (Exception error) when (AttemptFailure.IsExpected(error))
        {
            if (http.RequestAborted.IsCancellationRequested)
            {
                throw new OperationCanceledException(http.RequestAborted);
            }

            var reason = error is HttpRequestException failure ? AttemptFailure.ReasonOf(failure) : "it does not answer in time";
            if (error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
            {
                place.Endpoint.Health.Report(new SendError(SendErrorKind.ConnectFailed, place.Provider.Name, "cannot be reached: " + reason), ticket);
            }

            Log.NotAsked(logger, video.Id, place.Provider.Name, place.Endpoint.Shown, reason);
            return JobNews.None;
        }
        finally
        {
            timeouts.Return(timeout);
            place.Endpoint.Health.Leave(ticket);
        }
    }

    /// <summary>Tells the server that nobody wants the job any more. It may not know how to hear that.</summary>
    public async Task ForgetAsync(HttpContext http, Snapshot snapshot, StoredVideo video)
    {
        if (PlaceOf(snapshot, video) is not { } place)
        {
            return;
        }

        var timeout = timeouts.Rent(CancellationToken.None, time.GetTimestamp() + (long)(Patience.TotalSeconds * time.TimestampFrequency));
        try
        {
            timeout.Set(Patience);
            using var request = Request(http, HttpMethod.Delete, place, place.Videos.EffectiveStatus, video);
            using var response = await place.Endpoint.Connections.SendAsync(request, timeout.Token);
        }
        catch (Exception error) when (AttemptFailure.IsExpected(error))
        {
            Log.NotForgotten(logger, video.Id, video.Job!, place.Provider.Name, place.Endpoint.Shown); // It has a job: PlaceOf asks for one.
        }
        finally
        {
            timeouts.Return(timeout);
        }
    }

    /// <summary>Where a job is; <c>null</c>: at no server that is declared now.</summary>
    public static JobPlace? PlaceOf(Snapshot snapshot, StoredVideo video)
    {
        if (video.Job is null || snapshot.Providers.GetValueOrDefault(video.Namespace)?.GetValueOrDefault(video.Provider ?? "") is not { IsUsable: true } provider)
        {
            return null;
        }

        foreach (var (endpoint, _) in provider.Endpoints)
        {
            if (endpoint.Url == video.Endpoint)
            {
                return new(provider, endpoint);
            }
        }

        return null;
    }

    /// <param name="path">One of <see cref="VideosSpec"/>'s.</param>
    public HttpRequestMessage Request(HttpContext http, HttpMethod method, in JobPlace place, string path, StoredVideo video) =>
        Request(http, method, place.Endpoint.AddressOfOwn(path.Replace(VideosSpec.JobId, Uri.EscapeDataString(video.Job!), StringComparison.Ordinal)), place.Provider, video);

    /// <param name="provider">Whose credential goes with it; <c>null</c>: none does.</param>
    public HttpRequestMessage Request(HttpContext http, HttpMethod method, Uri address, ProviderRoute? provider, StoredVideo video)
    {
        var request = new HttpRequestMessage(method, address) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (provider is not null)
        {
            headers.TryAddWithoutValidation("traceparent", TraceContext.Of(http, dice).Traceparent);
            headers.TryAddWithoutValidation(OrreryHeaders.RequestId, http.TraceIdentifier);
            var keys = provider.Access.Keys;
            provider.Access.AddTo(headers, keys?.Keys.FirstOrDefault(key => key.Position == video.ProviderKey) ?? keys?.Peek());
        }

        return request;
    }

    private async Task<JobNews> ReadAsync(JobPlace place, StoredVideo video, HttpResponseMessage response, IdleTimeout timeout)
    {
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return new(null, IsGone: true);
        }

        if (!response.IsSuccessStatusCode)
        {
            Log.NotTold(logger, video.Id, place.Provider.Name, place.Endpoint.Shown, (int)response.StatusCode);
            return JobNews.None;
        }

        var buffer = buffers.Rent(LongestAnswer);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, timeout.Token);
            return new(EngineJob.Read(buffer.AsMemory(0, length), place.Provider.Access), IsGone: false);
        }
        finally
        {
            buffers.Return(buffer);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(721, LogLevel.Debug, "How far {Video} is cannot be asked of provider {Provider} at {Endpoint}: {Reason}", EventName = "VideoNotAsked")]
        public static partial void NotAsked(ILogger logger, string video, string provider, string endpoint, string reason);

        [LoggerMessage(722, LogLevel.Warning, "How far {Video} is, provider {Provider} at {Endpoint} does not say: it answers {Status}", EventName = "VideoNotTold")]
        public static partial void NotTold(ILogger logger, string video, string provider, string endpoint, int status);

        [LoggerMessage(723, LogLevel.Warning, "{Video} is deleted, but its job {Job} could not be given up at provider {Provider}, {Endpoint}", EventName = "VideoNotForgotten")]
        public static partial void NotForgotten(ILogger logger, string video, string job, string provider, string endpoint);
    }
}

/// <summary>The server that has a job.</summary>
internal readonly record struct JobPlace(ProviderRoute Provider, Endpoint Endpoint)
{
    public VideosSpec Videos => Provider.Spec.Videos ?? VideoRequest.Usual;
}

/// <summary>What a server says of a job.</summary>
/// <param name="Job"><c>null</c>: nothing.</param>
/// <param name="IsGone">It has no such job any more.</param>
internal readonly record struct JobNews(EngineJob? Job, bool IsGone)
{
    public static readonly JobNews None = new(null, IsGone: false);
}
