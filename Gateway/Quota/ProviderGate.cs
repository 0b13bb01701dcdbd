using Microsoft.Extensions.Options;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway.Quota;

/// <summary>
/// Reserves what a provider allows, and the model where it is one of several that may answer: for one attempt, all or none. An attempt that brought the
/// client nothing is given back.
/// </summary>
internal sealed class ProviderGate(Admission admission, IOptions<QuotaOptions> options)
{
    private readonly int _defaultMaxTokens = options.Value.DefaultMaxTokens;

    /// <summary>Nothing happens, and nothing is allocated, where there are no limits.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="candidate">Who is to be asked.</param>
    /// <param name="mayWait">Whether nobody else could be asked instead, so that a place is worth waiting for.</param>
    /// <param name="hold">What the attempt holds, to be handed to <see cref="Leave"/>.</param>
    public ValueTask<SendError?> EnterAsync(Exchange exchange, Candidate candidate, bool mayWait, out Reservation? hold)
    {
        if (candidate.LimitsOf(exchange.Caller, withModel: !ModelLimits.AreOfRequest(exchange)) is not { } limits)
        {
            hold = null;
            return default;
        }

        hold = new Reservation(limits, TokenEstimate.Of(exchange.Call, exchange.Operation, AnswerBound.Of(exchange, candidate) ?? _defaultMaxTokens))
        {
            IsAlone = exchange.Quota is { Reservation.IsAlone: true }, // No request waits for Redis twice.
        };
        return EnterAsync(exchange, candidate, hold, mayWait);
    }

    /// <summary>The attempt is over.</summary>
    public void Leave(Exchange exchange, Reservation? hold)
    {
        if (hold is null)
        {
            return;
        }

        var isUsed = exchange.Error is null or { Kind: SendErrorKind.ClientLeft } || exchange.Http.Response.HasStarted;
        var tokens = exchange.Meter.Read(exchange.Call.Body.Length).Tokens.Total;
        admission.End(hold, !isUsed ? null : tokens > 0 || exchange.Error is not null ? tokens : hold.Tokens);
    }

    private async ValueTask<SendError?> EnterAsync(Exchange exchange, Candidate candidate, Reservation hold, bool mayWait)
    {
        var verdict = await admission.AdmitAsync(exchange, hold, mayWait);
        if (verdict.Refused is null)
        {
            return null;
        }

        var refusal = LimitRefusals.Of(verdict, hold.Tokens);
        return SendError.Of(candidate, SendErrorKind.Limited, refusal.Message) with
        {
            Status = refusal.Status,
            Type = refusal.Type,
            Code = refusal.Code,
            RetryAfter = refusal.RetryAfter,
            Limit = verdict.Refused,
        };
    }
}
