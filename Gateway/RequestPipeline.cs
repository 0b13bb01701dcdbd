using System.Diagnostics;
using Orrery.Gateway.Api;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Policy;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Sending.Videos;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Clients;
using Orrery.Gateway.Usage;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway;

/// <summary>A request's whole way: each step says no with a <see cref="Refusal"/>, or lets it pass to the next.</summary>
internal sealed partial class RequestPipeline(
    CurrentSnapshot snapshots,
    AccessKeyAuthenticator authenticator,
    RequestIntake intake,
    ModelResolver resolver,
    AccessPolicy policy,
    QuotaGate quota,
    RoutePlanner planner,
    TranslationCheck translations,
    RunHost runs,
    VideoRuns videos,
    Sender sender,
    Recorder recorder,
    Settlement settlement,
    Dice dice,
    TimeProvider time,
    ILogger<RequestPipeline> logger)
{
    /// <param name="protocol">What the client speaks, where it is not OpenAI's API for <paramref name="operation"/>.</param>
    /// <param name="run">Whose it is, where no client waits for it.</param>
    public async Task AnswerAsync(HttpContext http, Operation operation, IClientProtocol? protocol = null, Run? run = null)
    {
        Refusal? refusal = null;
        bool isBroken;
        using (var exchange = new Exchange(http, operation, snapshots.Value, TraceContext.Of(http, dice), time.GetUtcNow(), time.GetTimestamp()) { Protocol = protocol, Run = run })
        {
            exchange.Story = RequestStory.Begin(exchange, recorder, time);
            if (exchange.Story is null)
            {
                Activity.Current = null; // Nobody records it: carried along, it would make every await dearer. Engines are told of the trace all the same.
            }

            try
            {
                refusal = Said(exchange, Station.Authentication, authenticator.Authenticate(exchange))
                    ?? Said(exchange, Station.Intake, await intake.ReadAsync(exchange))
                    ?? (run is null && exchange.Dialogue?.Background is { } background ? await background.AnswerAsync(exchange) : null)
                    ?? Said(exchange, Station.ModelResolution, resolver.Resolve(exchange))
                    ?? Said(exchange, Station.Policy, policy.Check(exchange))
                    ?? (run is null && VideoRuns.IsNeededFor(exchange) ? await videos.AnswerAsync(exchange) : null)
                    ?? Said(exchange, Station.Quota, await quota.ReserveAsync(exchange))
                    ?? Said(exchange, Station.Routing, planner.Plan(exchange))
                    ?? (run is null ? null : translations.Check(exchange) ?? await runs.AdmitAsync(exchange))
                    ?? Said(exchange, Station.Sending, await sender.SendAsync(exchange) is { } refused ? await AnswerAloneAsync(exchange, refused) : null);
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

            if (ReferenceEquals(refusal, Refusal.Answered))
            {
                refusal = null; // Without an engine: the run that was begun is settled on its own.
            }
            else
            {
                settlement.Settle(exchange, refusal);
            }

            isBroken = http.Response.HasStarted && (refusal is not null || exchange.Error is not (null or { Kind: SendErrorKind.ClientLeft }));
        }

        // The request is settled: it holds nothing any more.
        if (isBroken)
        {
            await BrokenAnswer.CutAsync(http, time);
        }
        else if (refusal is not null && !http.Response.HasStarted)
        {
            await OpenAiErrors.WriteAsync(http, refusal, protocol);
        }
    }

    /// <summary>What no engine answers, some protocols have an answer to.</summary>
    private static async Task<Refusal?> AnswerAloneAsync(Exchange exchange, Refusal refusal)
    {
        var answer = new System.Buffers.ArrayBufferWriter<byte>();
        if (exchange.Dialogue?.TryAnswerAlone(exchange, answer) != true)
        {
            return refusal;
        }

        exchange.Error = null;
        exchange.Http.Response.StatusCode = StatusCodes.Status200OK;
        exchange.Http.Response.ContentType = "application/json";
        await exchange.Http.Response.BodyWriter.WriteAsync(answer.WrittenMemory, exchange.ClientLeft);
        return null;
    }

    private static Refusal? Said(Exchange exchange, Station station, Refusal? no)
    {
        if (no is null)
        {
            exchange.Story?.Passed(station, exchange);
        }

        return no;
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Debug, "The client of {RequestId} left before it was answered", EventName = "ClientLeft")]
        public static partial void ClientLeft(ILogger logger, string requestId);

        [LoggerMessage(102, LogLevel.Error, "Request {RequestId} failed in the gateway", EventName = "RequestFailed")]
        public static partial void Failed(ILogger logger, string requestId, Exception error);
    }
}
