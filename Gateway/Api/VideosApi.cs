using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Sending.Videos;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Videos;

namespace Orrery.Gateway.Api;

/// <summary>OpenAI's Videos API: <c>/v1/videos</c>, <c>/v1/videos/{id}</c> and <c>/v1/videos/{id}/content</c>, and the same at the operation's other paths and below <c>/api/v1/ai</c>.</summary>
internal sealed partial class VideosApi(
    CurrentSnapshot snapshots, AccessKeyAuthenticator authenticator, RequestPipeline pipeline, VideoStore store, VideoJobs jobs, VideoContent content, ILogger<VideosApi> logger)
{
    private const int MostListed = 100;
    private const int UsuallyListed = 20;
    private const int LongestId = 64;

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var path in Operation.VideoGeneration.Twins.Prepend("/v1/" + Operation.VideoGeneration.Path))
        {
            foreach (var prefix in (ReadOnlySpan<string>)["/v1", "/api/v1/ai"])
            {
                var root = prefix + path["/v1".Length..];
                routes.Map(root, (RequestDelegate)(http => AnswerAsync(http, "GET, POST", HttpMethods.IsPost(http.Request.Method) ? CreateAsync : HttpMethods.IsGet(http.Request.Method) ? ListAsync : null)));
                routes.Map(root + "/{id}", (RequestDelegate)(http => AnswerAsync(http, "GET, DELETE", HttpMethods.IsGet(http.Request.Method) ? GetAsync : HttpMethods.IsDelete(http.Request.Method) ? DeleteAsync : null)));
                routes.Map(root + "/{id}/content", (RequestDelegate)(http => AnswerAsync(http, "GET, HEAD", HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? ContentAsync : null)));
            }
        }
    }

    /// <param name="handle"><c>null</c>: the method is not served here.</param>
    private async Task AnswerAsync(HttpContext http, string allowed, Handler? handle)
    {
        Refusal? refusal;
        try
        {
            var snapshot = snapshots.Value;
            (var caller, refusal) = handle is null ? (null, UnknownRoutes.WrongMethod(http, allowed)) : authenticator.Authenticate(http, snapshot);
            refusal = caller is null ? refusal : await handle!(http, snapshot!, caller); // Who has a caller has both.
        }
        catch (StorageAwayException away)
        {
            refusal = away.ToRefusal();
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            Log.Failed(logger, http.TraceIdentifier, error);
            refusal = new Refusal(
                StatusCodes.Status500InternalServerError, RefusalTypes.Server, "internal_error", $"The gateway failed on this request. Its log says more under {http.TraceIdentifier}.");
        }

        if (refusal is not null)
        {
            await OpenAiErrors.WriteAsync(http, refusal);
        }
    }

    private async Task<Refusal?> CreateAsync(HttpContext http, Snapshot snapshot, Caller caller)
    {
        await store.RequireAsync(http.RequestAborted); // Before an engine has taken a job that nobody could keep.

        // The length is checked by Intake, which can answer in the protocol's words.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        await pipeline.AnswerAsync(http, Operation.VideoGeneration);
        return null;
    }

    private async Task<Refusal?> ListAsync(HttpContext http, Snapshot snapshot, Caller caller)
    {
        var query = http.Request.Query;
        var limit = UsuallyListed;
        if (query.TryGetValue("limit", out var most)
            && (!int.TryParse(most.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit > MostListed))
        {
            return Refusal.BadField("limit", $"'limit' is '{Shown.Of(most.ToString())}'; expected 0 to {MostListed}.");
        }

        var order = query.TryGetValue("order", out var wished) ? wished.ToString() : "desc";
        if (order is not ("asc" or "desc"))
        {
            return Refusal.BadField("order", $"'order' is '{Shown.Of(order)}'; expected asc or desc.");
        }

        StoredVideo? after = null;
        if (query.TryGetValue("after", out var id) && (after = IsId(id.ToString()) ? await store.FindAsync(caller.Namespace, id.ToString(), http.RequestAborted) : null) is null)
        {
            return Refusal.BadField("after", $"'after' is '{Shown.Of(id.ToString())}'; expected the id of a video in the list.");
        }

        var videos = await store.ListAsync(caller.Namespace, caller.Key.Name, caller.Key.Team, after, order == "asc", limit + 1, http.RequestAborted);
        var hasMore = videos.Count > limit;
        return await WriteAsync(http, VideoWords.List(hasMore ? videos[..limit] : videos, hasMore));
    }

    private async Task<Refusal?> GetAsync(HttpContext http, Snapshot snapshot, Caller caller) =>
        await FindAsync(http, snapshot, caller) is { } video ? await WriteAsync(http, VideoWords.Video(video)) : NotFound(http);

    private async Task<Refusal?> DeleteAsync(HttpContext http, Snapshot snapshot, Caller caller) =>
        await IsIdAsync(http) && await jobs.DeleteAsync(http, snapshot, caller.Namespace, IdOf(http)) ? await WriteAsync(http, VideoWords.Deleted(IdOf(http))) : NotFound(http);

    private async Task<Refusal?> ContentAsync(HttpContext http, Snapshot snapshot, Caller caller)
    {
        var variant = http.Request.Query.TryGetValue("variant", out var wished) ? wished.ToString() : VideoContent.Video;
        if (variant is not (VideoContent.Video or "thumbnail" or "spritesheet"))
        {
            return Refusal.BadField("variant", $"'variant' is '{Shown.Of(variant)}'; expected {VideoContent.Video}, thumbnail or spritesheet.");
        }

        return await FindAsync(http, snapshot, caller) switch
        {
            null => NotFound(http),
            { Status: VideoStatus.Completed } video => await content.SendAsync(http, snapshot, video, variant),
            { Status: VideoStatus.Failed } video => new Refusal(
                StatusCodes.Status409Conflict, RefusalTypes.InvalidRequest, "video_failed", $"The video '{video.Id}' failed and has no content: {video.ErrorMessage ?? "the engine gave no reason."}"),
            var video => new Refusal(
                StatusCodes.Status409Conflict, RefusalTypes.InvalidRequest, "video_not_ready",
                string.Create(CultureInfo.InvariantCulture, $"The video '{video.Id}' is {video.Status} ({video.Progress} %). Ask for it until it is completed, then for its content.")),
        };
    }

    private async Task<StoredVideo?> FindAsync(HttpContext http, Snapshot snapshot, Caller caller)
    {
        if (!await IsIdAsync(http))
        {
            return null;
        }

        var video = await jobs.FindAsync(http, snapshot, caller.Namespace, IdOf(http));
        if (video?.Provider is { } name && snapshot.Providers.GetValueOrDefault(video.Namespace)?.GetValueOrDefault(name) is { } provider)
        {
            AnswerHead.Mark(http.Response, provider);
        }

        return video;
    }

    /// <remarks>Without a database nobody knows which ids there are.</remarks>
    private async Task<bool> IsIdAsync(HttpContext http)
    {
        if (IsId(IdOf(http)))
        {
            return true;
        }

        await store.RequireAsync(http.RequestAborted);
        return false;
    }

    private static string IdOf(HttpContext http) => http.Request.RouteValues["id"] as string ?? "";

    private static bool IsId(string id) => id.Length <= LongestId && id.StartsWith("video_", StringComparison.Ordinal) && id.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');

    private static Refusal NotFound(HttpContext http) => new(
        StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "video_not_found", $"There is no video '{Shown.Of(IdOf(http))}' here: it never was, was deleted, or has expired.", "video_id");

    private static async Task<Refusal?> WriteAsync(HttpContext http, ReadOnlyMemory<byte> answer)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = answer.Length;
        await http.Response.BodyWriter.WriteAsync(answer, http.RequestAborted);
        return null;
    }

    private delegate Task<Refusal?> Handler(HttpContext http, Snapshot snapshot, Caller caller);

    private static partial class Log
    {
        [LoggerMessage(111, LogLevel.Error, "Request {RequestId} about a video failed in the gateway", EventName = "VideoRequestFailed")]
        public static partial void Failed(ILogger logger, string requestId, Exception error);
    }
}
