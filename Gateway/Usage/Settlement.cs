using Orrery.Contracts;
using Orrery.Gateway.Sending;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Usage;

/// <summary>Closes an exchange: one usage event and the metrics. From the moment a model is known, refused requests count too.</summary>
internal sealed class Settlement(UsageSpool spool, GatewayTelemetry telemetry, Dice dice, TimeProvider time)
{
    public void Settle(Exchange exchange, Refusal? refusal)
    {
        var outcome = OutcomeOf(exchange, refusal);
        var took = time.GetElapsedTime(exchange.StartTimestamp);
        telemetry.RequestEnded(exchange, refusal, outcome, took);
        if (exchange.IsResolved)
        {
            Account(exchange, refusal, outcome, took);
        }

        exchange.Story?.End(exchange, refusal, outcome); // Last: what is told may fail, what is owed may not.
    }

    private void Account(Exchange exchange, Refusal? refusal, string outcome, TimeSpan took)
    {
        var (tokens, isEstimated) = exchange.Meter.Read(exchange.Call.Body.Length);
        telemetry.Used(exchange, tokens);
        exchange.Quota?.Used(tokens.Total, isAnswered: exchange.Error is null && refusal is null);
        spool.Add(new UsageEvent
        {
            Id = dice.NextUuid(exchange.StartedAt),
            Namespace = exchange.Caller.Namespace,
            Key = exchange.Caller.Key.Name,
            RequestId = exchange.RequestId,
            TraceId = exchange.Trace.TraceId,
            Operation = exchange.Operation.Name,
            Model = exchange.Served.Id,
            Provider = exchange.Candidate?.Provider.Name,
            Simulated = exchange.Candidate is not null && exchange.IsSimulated,
            Stream = exchange.Call.Stream,
            PromptTokens = tokens.Prompt,
            CompletionTokens = tokens.Completion,
            CachedTokens = tokens.Cached,
            Estimated = isEstimated,
            Status = refusal?.Status ?? exchange.Http.Response.StatusCode,
            Outcome = outcome,
            StartedAt = exchange.StartedAt,
            DurationMs = took.TotalMilliseconds,
            TimeToFirstTokenMs = exchange.Meter.FirstTokenTimestamp is { } first
                ? time.GetElapsedTime(exchange.StartTimestamp, first).TotalMilliseconds
                : null,
        });
    }

    private static string OutcomeOf(Exchange exchange, Refusal? refusal) => exchange.Error switch
    {
        { Kind: SendErrorKind.ClientLeft } => UsageOutcomes.ClientLeft,
        { Kind: SendErrorKind.RequestRefused or SendErrorKind.TooLongHere or SendErrorKind.Untranslatable or SendErrorKind.Limited } => UsageOutcomes.Refused,
        not null => UsageOutcomes.UpstreamError,
        null when refusal is not null => UsageOutcomes.Refused,
        null => exchange.ClientLeft.IsCancellationRequested ? UsageOutcomes.ClientLeft : UsageOutcomes.Completed,
    };
}
