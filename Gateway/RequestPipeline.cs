using Orrery.Gateway.Api;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Policy;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Usage;

namespace Orrery.Gateway;

/// <summary>A request's whole way: each step says no with a <see cref="Refusal"/>, or lets it pass to the next.</summary>
internal sealed partial class RequestPipeline(
    CurrentSnapshot snapshots,
    AccessKeyAuthenticator authenticator,
    JsonIntake intake,
    ModelResolver resolver,
    AccessPolicy policy,
    RoutePlanner planner,
    Sender sender,
    Settlement settlement,
    TimeProvider time,
    ILogger<RequestPipeline> logger)
{
    public async Task AnswerAsync(HttpContext http, Operation operation)
    {
        using var exchange = new Exchange(http, operation, snapshots.Value, time.GetUtcNow(), time.GetTimestamp());
        Refusal? refusal = null;
        try
        {
            refusal = authenticator.Authenticate(exchange)
                ?? await intake.ReadAsync(exchange)
                ?? resolver.Resolve(exchange)
                ?? policy.Check(exchange)
                ?? planner.Plan(exchange)
                ?? await sender.SendAsync(exchange);
        }
        catch (OperationCanceledException) when (exchange.ClientLeft.IsCancellationRequested)
        {
            Log.ClientLeft(logger, exchange.RequestId);
        }
        catch (Exception error)
        {
            Log.Failed(logger, exchange.RequestId, error);
            refusal = new Refusal(
                StatusCodes.Status500InternalServerError, RefusalTypes.Server, "internal_error",
                $"The gateway failed on this request. Its log says more under {exchange.RequestId}.");
        }

        settlement.Settle(exchange, refusal);
        if (refusal is not null)
        {
            await OpenAiErrors.WriteAsync(http, refusal);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Debug, "The client of {RequestId} left before it was answered", EventName = "ClientLeft")]
        public static partial void ClientLeft(ILogger logger, string requestId);

        [LoggerMessage(102, LogLevel.Error, "Request {RequestId} failed in the gateway", EventName = "RequestFailed")]
        public static partial void Failed(ILogger logger, string requestId, Exception error);
    }
}
