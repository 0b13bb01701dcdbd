using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>Takes away videos that have expired, and files that have lost their row when a gateway died at the wrong moment.</summary>
internal sealed partial class VideoSweeper(
    GatewayDatabase database, VideoStore store, VideoFiles files, IOptions<StorageOptions> options, TimeProvider time, ILogger<VideoSweeper> logger)
    : Sweeper(database, options)
{
    private const int Batch = 100;

    /// <summary>A file that was written to so recently is one that is being made.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    /// <returns>How many videos and how many files were taken away.</returns>
    public async Task<(int Videos, int Files)> SweepAsync(CancellationToken cancellationToken)
    {
        var (videos, orphans) = (0, 0);
        int swept;
        do
        {
            swept = await store.SweepAsync(Batch, files.Delete, cancellationToken);
            videos += swept;
        }
        while (swept == Batch);

        foreach (var ids in files.IdsOlderThan(time.GetUtcNow() - Fresh).Chunk(Batch))
        {
            foreach (var id in ids.Except(await store.KnownAsync(ids, cancellationToken), StringComparer.Ordinal))
            {
                files.Delete(id);
                orphans++;
            }
        }

        return (videos, orphans);
    }

    protected override async Task SweepOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SweepAsync(cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.NotSwept(logger, error.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1032, LogLevel.Warning, "Videos that have expired cannot be taken away: {Reason}", EventName = "VideosNotSwept")]
        public static partial void NotSwept(ILogger logger, string reason);
    }
}
