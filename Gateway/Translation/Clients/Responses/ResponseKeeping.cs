using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>Stores a response at its end.</summary>
/// <param name="input">The request's own items, a JSON array.</param>
/// <param name="previousId">What it goes on from.</param>
internal sealed partial class ResponseKeeping(ResponseStore store, ILogger logger, string? previousId, byte[] input)
{
    /// <returns>Whether it is stored. The answer is there all the same, and paid for: it says then that it is not.</returns>
    public async ValueTask<bool> TryKeepAsync(Exchange exchange, string id, string status, ReadOnlyMemory<byte> response)
    {
        try
        {
            var kept = new StoredResponse(id, exchange.Caller.Key.Name, previousId, status, exchange.StartedAt, input, response.ToArray());
            return id.Length > 0 && await store.AddAsync(exchange.Caller.Namespace, kept, exchange.ClientLeft);
        }
        catch (StorageAwayException away)
        {
            Log.NotKept(logger, exchange.RequestId, away.Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1011, LogLevel.Warning, "The response of {RequestId} could not be stored, and says so: {Reason}", EventName = "ResponseNotStored")]
        public static partial void NotKept(ILogger logger, string requestId, string reason);
    }
}
