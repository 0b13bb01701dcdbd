using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>One of several keys of a provider.</summary>
/// <param name="position">Its place among them, from 1.</param>
/// <param name="credential">The header's value. Never logged.</param>
internal sealed class ProviderKey(int position, string credential, KeyHealth health)
{
    public int Position { get; } = position;

    public string Credential { get; } = credential;

    public KeyHealth Health { get; } = health;

    /// <summary>All that is ever shown of it: <c>2 (vendor/token-2)</c>.</summary>
    public string Shown { get; } = $"{position} ({health.Name.Source})";
}

/// <summary>A provider's keys, used in turn. Made once a snapshot; each key's health is older.</summary>
internal sealed class KeyRing(ProviderKey[] keys)
{
    private uint _turn;

    public IReadOnlyList<ProviderKey> Keys => keys;

    /// <summary>A request could be sent now.</summary>
    public bool IsReady
    {
        get
        {
            foreach (var key in keys)
            {
                if (key.Health.IsReady)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Until the first of them may be used; zero where one may be now.</summary>
    public TimeSpan Soonest
    {
        get
        {
            var soonest = TimeSpan.MaxValue;
            foreach (var key in keys)
            {
                var remaining = key.Health.Remaining;
                soonest = remaining < soonest ? remaining : soonest;
            }

            return soonest;
        }
    }

    /// <summary>One that may be used, and takes nothing.</summary>
    public ProviderKey Peek()
    {
        foreach (var key in keys)
        {
            if (key.Health.State == KeyState.InService)
            {
                return key;
            }
        }

        return keys[0];
    }

    /// <summary>The next in turn that may be used.</summary>
    /// <param name="tried">The bits of those that this request has tried already; the one taken is added.</param>
    public ProviderKey? TryTake(ref ulong tried, out KeyTicket ticket)
    {
        var turn = Interlocked.Increment(ref _turn) - 1;
        for (var i = 0; i < keys.Length; i++)
        {
            var index = (int)((turn + (uint)i) % (uint)keys.Length);
            if ((tried & (1UL << index)) == 0 && keys[index].Health.TryEnter(out ticket))
            {
                tried |= 1UL << index;
                if (i > 0)
                {
                    Interlocked.Add(ref _turn, (uint)i); // Or who stands behind one that is passed over would get its share too.
                }

                return keys[index];
            }
        }

        ticket = default;
        return null;
    }

    /// <summary>Why nothing is sent to a provider none of whose keys may be used now.</summary>
    public SendError Waiting(Candidate candidate)
    {
        var (soonest, cooling) = (TimeSpan.MaxValue, 0);
        foreach (var key in keys)
        {
            var remaining = key.Health.Remaining;
            cooling += key.Health.IsRefused ? 0 : 1;
            soonest = remaining < soonest ? remaining : soonest;
        }

        return cooling == 0
            ? SendError.Of(candidate, SendErrorKind.CredentialRefused, "refused every key") with { Status = StatusCodes.Status401Unauthorized, RetryAfter = soonest }
            : SendError.Of(candidate, SendErrorKind.Throttled, $"each of its {keys.Length} keys has to wait.") with { Status = StatusCodes.Status429TooManyRequests, RetryAfter = AtLeastOneSecond(soonest) };
    }

    public static TimeSpan AtLeastOneSecond(TimeSpan wait) => wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait;
}
