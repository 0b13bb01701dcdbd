using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>One endpoint is asked with one of its provider's keys after the other, as long as it is the key that is refused.</summary>
internal struct KeyTurn(KeyRing ring)
{
    private ulong _tried;
    private ulong _doubted;
    private ProviderKey? _key;
    private KeyTicket _ticket;

    /// <summary>Takes the next key for the exchange's next attempt.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryNext(Exchange exchange)
    {
        if (ring.TryTake(ref _tried, out var ticket) is not { } key)
        {
            return false;
        }

        (_key, _ticket) = (key, ticket);
        exchange.ProviderKey = key;
        return true;
    }

    /// <summary>Tells the key how the attempt went, and says of an error what it means with several keys.</summary>
    /// <returns>Whether the same endpoint may be asked with another key.</returns>
    public bool Judge(Exchange exchange)
    {
        var (health, error) = (_key!.Health, exchange.Error);
        switch (error)
        {
            case null:
                health.Accepted(_ticket);
                Convict();
                return false;
            case { Status: StatusCodes.Status401Unauthorized or StatusCodes.Status402PaymentRequired }:
                health.Refuse(_ticket, error.Status == StatusCodes.Status401Unauthorized ? "401" : "402, unpaid");
                exchange.Error = error with { Kind = SendErrorKind.CredentialRefused };
                break;
            case { Kind: SendErrorKind.CredentialRefused } when !_ticket.IsProbe:
                _doubted |= 1UL << (_key.Position - 1); // Perhaps it is the request that is forbidden: only an answer to the same request shows that it is the key.
                break;
            case { Kind: SendErrorKind.CredentialRefused }:
                health.Refuse(_ticket, "403");
                break;
            case { Kind: SendErrorKind.Throttled, Code: "insufficient_quota" }:
                health.Refuse(_ticket, "429, insufficient_quota");
                break;
            case { Kind: SendErrorKind.Throttled }:
                health.Cool(_ticket, error.RetryAfter, "429");
                exchange.Error = error with { RetryAfter = KeyRing.AtLeastOneSecond(ring.Soonest) };
                break;
            default:
                health.Leave(_ticket);
                return false;
        }

        health.Leave(_ticket);
        return !exchange.Http.Response.HasStarted;
    }

    /// <summary>With another key the same request was answered.</summary>
    private readonly void Convict()
    {
        if (_doubted == 0)
        {
            return;
        }

        foreach (var key in ring.Keys)
        {
            if ((_doubted & (1UL << (key.Position - 1))) != 0 && key.Health.TryEnter(out var ticket))
            {
                key.Health.Refuse(ticket, "403, while another key is accepted");
            }
        }
    }
}
