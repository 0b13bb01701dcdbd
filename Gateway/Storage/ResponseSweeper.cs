using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>Takes away responses that have expired, with all that is stored for them.</summary>
internal sealed partial class ResponseSweeper(GatewayDatabase database, ResponseStore responses, IOptions<StorageOptions> options, ILogger<ResponseSweeper> logger)
    : Sweeper(database, options)
{
    private const int Batch = 1_000;

    protected override async Task SweepOnceAsync(CancellationToken cancellationToken)
    {
        int gone;
        var all = 0L;
        do
        {
            gone = await responses.SweepAsync(Batch, cancellationToken);
            all += gone;
        }
        while (gone == Batch);

        if (all > 0)
        {
            Log.Swept(logger, all);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1031, LogLevel.Information, "Took away {Count} stored responses that had expired", EventName = "ResponsesSwept")]
        public static partial void Swept(ILogger logger, long count);
    }
}
