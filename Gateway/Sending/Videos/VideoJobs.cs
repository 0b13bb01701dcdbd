using Microsoft.Extensions.Options;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Videos;

namespace Orrery.Gateway.Sending.Videos;

/// <summary>Videos as they are now: of one that is being made, its engine is asked when a client asks, and about once a second over all gateways.</summary>
internal sealed class VideoJobs(VideoStore store, VideoFiles files, VideoEngines engines, VideoRuns runs, IOptions<VideoOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _keep = options.Value.Keep;

    /// <returns><c>null</c>: there is none, or not any more.</returns>
    public async Task<StoredVideo?> FindAsync(HttpContext http, Snapshot snapshot, string @namespace, string id)
    {
        if (await store.FindAsync(@namespace, id, http.RequestAborted) is not { } video)
        {
            return null;
        }

        if (video.IsEnded || VideoEngines.PlaceOf(snapshot, video) is null || !await store.TryTakeTurnAsync(video, Interval, http.RequestAborted))
        {
            return video;
        }

        var news = await engines.AskAsync(http, snapshot, video);
        var now = news switch
        {
            { IsGone: true } => VideoState.Failed(
                video, "job_lost", $"The provider '{video.Provider}' does not know the job any more, as after a restart of its server. Ask for the video again.", time.GetUtcNow(), _keep),
            { Job: { } job } => VideoState.After(video, job, time.GetUtcNow(), _keep),
            _ => video,
        };
        return now == video || await store.UpdateAsync(now, http.RequestAborted) ? now : await store.FindAsync(@namespace, id, http.RequestAborted);
    }

    /// <summary>Takes a video away: its file, its row, and at its engine.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> DeleteAsync(HttpContext http, Snapshot snapshot, string @namespace, string id)
    {
        if (await store.FindAsync(@namespace, id, http.RequestAborted) is not { } video)
        {
            return false;
        }

        files.Delete(id); // Before the row: what is left without a row would have to be searched for.
        var wasThere = await store.DeleteAsync(@namespace, id, http.RequestAborted);
        if (wasThere && video is { Job: null, IsEnded: false })
        {
            await runs.CancelAsync(video, CancellationToken.None);
        }
        else if (wasThere)
        {
            await engines.ForgetAsync(http, snapshot, video);
        }

        return wasThere;
    }
}
