using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Orrery.Contracts;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Videos;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway.Sending.Videos;

/// <summary>Sends a completed video: from the gateway's file, from where its engine says that it is, or from the engine. Nothing is gathered on the way.</summary>
internal sealed partial class VideoContent(
    VideoFiles files,
    EngineFiles engineFiles,
    VideoEngines engines,
    EngineConnections connections,
    EgressPolicy egress,
    IdleTimeoutPool timeouts,
    IOptions<GatewayOptions> gateway,
    TimeProvider time,
    ILogger<VideoContent> logger)
{
    /// <summary>The only variant that every video has.</summary>
    public const string Video = "video";

    private const int ReadSize = 64 << 10;

    /// <summary>Of a whole download: only silence ends one sooner.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private static readonly string[] Asked = ["Range", "If-Range"];
    private static readonly string[] Told = ["Content-Type", "Content-Length", "Content-Range", "ETag", "Last-Modified"];

    /// <summary>To URLs that are no provider's: without credentials, by the rule for all connections.</summary>
    private readonly HttpMessageInvoker _elsewhere = connections.Open(gateway.Value.ConnectTimeout, EgressRoute.Default);

    /// <returns><c>null</c> when the client has it, or has left.</returns>
    public async Task<Refusal?> SendAsync(HttpContext http, Snapshot snapshot, StoredVideo video, string variant)
    {
        var isKept = video.ContentType is not null;
        var place = VideoEngines.PlaceOf(snapshot, video);
        var output = isKept || (video.Output is { } named && !IsUrl(named) && !engineFiles.Knows(video.Namespace) && place is not null) ? null : video.Output;
        if (variant != Video && (isKept || output is not null || place is not { } other || VideoRequest.IsTranslatedFor(other.Provider.Spec)))
        {
            return Refusal.BadField("variant", $"'variant' is '{Shown.Of(variant)}'; the engine that made this video has '{Video}' only.", "unsupported_value");
        }

        if (isKept)
        {
            return await SendFileAsync(http, video, files.TryOpen(video.Id), video.ContentType!) ? null : Elsewhere(video);
        }

        if (output is not null && !IsUrl(output))
        {
            return await SendFileAsync(http, video, engineFiles.TryOpen(video.Namespace, output), TypeOf(output)) ? null : Gone(video, "its engine names a file that is not there, or may not be read");
        }

        if (place is not { } at)
        {
            return output is null ? NotDeclared(video) : await FetchAsync(http, video, new Uri(output), place);
        }

        var path = at.Videos.EffectiveContent.Replace(VideosSpec.JobId, Uri.EscapeDataString(video.Job!), StringComparison.Ordinal); // It is in a place, so it has a job.
        path += variant == Video ? "" : (path.Contains('?', StringComparison.Ordinal) ? '&' : '?') + "variant=" + Uri.EscapeDataString(variant);
        return await FetchAsync(http, video, output is null ? at.Endpoint.AddressOfOwn(path) : new Uri(output), place);
    }

    private static bool IsUrl(string output) =>
        (output.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || output.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) && Uri.TryCreate(output, UriKind.Absolute, out _);

    private static async Task<bool> SendFileAsync(HttpContext http, StoredVideo video, FileStream? file, string type)
    {
        if (file is null)
        {
            return false;
        }

        await SocketThreads.Leave(); // The disk is waited for.
        await using (file)
        {
            var tag = new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{video.Id}-{file.Length}\""));
            FileStreamHttpResult answer = TypedResults.File(file, type, lastModified: video.CompletedAt, entityTag: tag, enableRangeProcessing: true);
            await answer.ExecuteAsync(http);
        }

        return true;
    }

    private async Task<Refusal?> FetchAsync(HttpContext http, StoredVideo video, Uri address, JobPlace? place)
    {
        var isOwn = place is { } at && Uri.Compare(address, new Uri(at.Endpoint.Url), UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
        if (!isOwn && egress.CheckUrl(address.AbsoluteUri) is { } fault)
        {
            return Bad($"its engine names a URL that may not be called: {fault.Reason}");
        }

        var timeout = timeouts.Rent(http.RequestAborted, time.GetTimestamp() + (long)(Longest.TotalSeconds * time.TimestampFrequency));
        try
        {
            timeout.Set(place?.Provider.RequestTimeout ?? gateway.Value.RequestTimeout);
            using var request = engines.Request(http, HttpMethod.Get, address, isOwn ? place?.Provider : null, video);
            foreach (var name in Asked)
            {
                if (http.Request.Headers.TryGetValue(name, out var value) && PlainHeader.IsPlain(value))
                {
                    request.Headers.TryAddWithoutValidation(name, value.ToString());
                }
            }

            using var response = await (isOwn ? place!.Value.Endpoint.Connections : _elsewhere).SendAsync(request, timeout.Token);
            return Refused(video, response) ?? await RelayAsync(http, response, place?.Provider.IdleTimeout ?? gateway.Value.IdleTimeout, timeout);
        }
        catch (Exception error) when (AttemptFailure.IsExpected(error))
        {
            if (http.RequestAborted.IsCancellationRequested)
            {
                return null;
            }

            Log.NotFetched(logger, video.Id, address.Authority, error.Message);
            if (http.Response.HasStarted)
            {
                http.Abort(); // There is no other way to say that a body is not whole.
                return null;
            }

            return error is HttpRequestException failure
                ? Bad($"it cannot be fetched from where it is: {AttemptFailure.ReasonOf(failure)}")
                : new Refusal(StatusCodes.Status504GatewayTimeout, RefusalTypes.Upstream, "upstream_timeout", $"The video '{video.Id}' was not sent in time by where it is. Try again.");
        }
        finally
        {
            timeouts.Return(timeout);
        }
    }

    private static Refusal? Refused(StoredVideo video, HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.OK or HttpStatusCode.PartialContent when IsText(response) => Bad("its engine sent a text in its place"),
        HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable => null,
        HttpStatusCode.NotFound or HttpStatusCode.Gone => Gone(video, "its engine does not have it any more"),
        _ => Bad($"where it is, the answer is {(int)response.StatusCode}"),
    };

    private static bool IsText(HttpResponseMessage response) =>
        response.Content.Headers.ContentEncoding.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        || (response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values) && values.ToString() is var type
            && (type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase)));

    private static async Task<Refusal?> RelayAsync(HttpContext http, HttpResponseMessage response, TimeSpan idle, IdleTimeout timeout)
    {
        var client = http.Response;
        timeout.Set(idle);
        await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
        client.StatusCode = (int)response.StatusCode;
        foreach (var name in Told)
        {
            if ((response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)) && PlainHeader.IsPlain(values.ToString()))
            {
                client.Headers[name] = values.ToString();
            }
        }

        client.Headers.AcceptRanges = response.Headers.AcceptRanges.Count > 0 || client.StatusCode == StatusCodes.Status206PartialContent ? "bytes" : "none";
        await client.StartAsync(http.RequestAborted);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return null; // The engine is asked by GET, since not every one knows HEAD; its bytes are not fetched.
        }

        while (true)
        {
            timeout.Set(idle);
            var read = await body.ReadAsync(client.BodyWriter.GetMemory(ReadSize), timeout.Token);
            timeout.Clear(); // A slow client is not a slow engine.
            if (read == 0)
            {
                return null;
            }

            client.BodyWriter.Advance(read);
            if ((await client.BodyWriter.FlushAsync(http.RequestAborted)).IsCompleted)
            {
                return null;
            }
        }
    }

    private static string TypeOf(string output) => Path.GetExtension(output).ToLowerInvariant() switch
    {
        ".webm" => "video/webm",
        ".mov" => "video/quicktime",
        ".mkv" => "video/x-matroska",
        ".gif" => "image/gif",
        _ => "video/mp4",
    };

    private static Refusal Bad(string why) => new(StatusCodes.Status502BadGateway, RefusalTypes.Upstream, "upstream_error", $"The video cannot be sent: {why}.");

    private static Refusal Gone(StoredVideo video, string why) =>
        new(StatusCodes.Status410Gone, RefusalTypes.InvalidRequest, "video_gone", $"The video '{video.Id}' is gone: {why}. Ask for it again.");

    private static Refusal NotDeclared(StoredVideo video) => new(
        StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "upstream_unavailable",
        $"The video '{video.Id}' is at a server of the provider '{video.Provider}' that is not declared any more. An operator declares it again.");

    private static Refusal Elsewhere(StoredVideo video) => new(
        StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "video_elsewhere",
        $"The file of the video '{video.Id}' is not at this gateway. Where several gateways serve, they share {VideoOptions.Section}:{nameof(VideoOptions.Directory)}, or one of the others has it.");

    private static partial class Log
    {
        [LoggerMessage(731, LogLevel.Warning, "The video {Video} cannot be fetched from {Host}: {Reason}", EventName = "VideoNotFetched")]
        public static partial void NotFetched(ILogger logger, string video, string host, string reason);
    }
}
