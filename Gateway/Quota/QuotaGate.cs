using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>Reserves what the access key, its team and the model, where only one may answer, allow: once for a request, all limits or none.</summary>
internal sealed class QuotaGate(Admission admission, IOptions<QuotaOptions> options)
{
    private readonly int _defaultMaxTokens = options.Value.DefaultMaxTokens;

    /// <summary>Nothing happens, and nothing is allocated, where there are no limits.</summary>
    public ValueTask<Refusal?> ReserveAsync(Exchange exchange) =>
        (ModelLimits.AreOfRequest(exchange) ? exchange.Caller.LimitsWith(exchange.Model) : exchange.Caller.Limits) is { } limits ? ReserveAsync(exchange, limits) : default;

    private async ValueTask<Refusal?> ReserveAsync(Exchange exchange, Limit[] limits)
    {
        var reservation = new Reservation(limits, TokenEstimate.Of(exchange.Call, exchange.Operation, _defaultMaxTokens));
        var verdict = await admission.AdmitAsync(exchange, reservation, mayWait: true);
        RateLimitHeaders.Write(exchange.Http.Response.Headers, reservation);
        if (verdict.Refused is not null)
        {
            return LimitRefusals.Of(verdict, reservation.Tokens);
        }

        exchange.Quota = new QuotaHold(admission, reservation);
        return null;
    }
}

/// <summary>What a request holds until it is over.</summary>
internal sealed class QuotaHold(Admission admission, Reservation reservation) : IDisposable
{
    private long _used = reservation.Tokens;

    public Reservation Reservation { get; } = reservation;

    /// <summary>The request's tokens are known. Where an engine answered and named none, what was reserved stands.</summary>
    public void Used(long tokens, bool isAnswered) => _used = tokens > 0 || !isAnswered ? tokens : Reservation.Tokens;

    public void Dispose() => admission.End(Reservation, _used);
}
