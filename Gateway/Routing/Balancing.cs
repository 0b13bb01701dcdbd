using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Routing;

/// <summary>How requests are spread over one provider's endpoints. Made once a snapshot.</summary>
internal sealed class Balancing
{
    private ulong _turns;

    public Balancing(BalancingSpec? spec, IReadOnlyList<WeightedEndpoint> endpoints)
    {
        Endpoints = [.. endpoints];
        IsUniform = Endpoints.All(endpoint => endpoint.Weight == Endpoints[0].Weight);
        Strategy = spec?.Strategy ?? BalancingStrategies.LeastInFlight;
        Balancer = Strategy switch
        {
            BalancingStrategies.WeightedRoundRobin => WeightedRoundRobin.Instance,
            BalancingStrategies.Latency => LowestLatency.Instance,
            _ => LeastInFlight.Instance, // A later release's strategy, too.
        };
        SessionHeader = spec?.SessionHeader ?? (Strategy == BalancingStrategies.Session ? OrreryHeaders.Session : null);
        SlowStart = spec?.SlowStart?.Value ?? TimeSpan.Zero;
        MeasuresLatency = Strategy == BalancingStrategies.Latency;
    }

    public WeightedEndpoint[] Endpoints { get; }

    /// <summary>All weigh the same, so that drawing one needs no look at the others.</summary>
    public bool IsUniform { get; }

    public string Strategy { get; }

    public IBalancer Balancer { get; }

    public string? SessionHeader { get; }

    public TimeSpan SlowStart { get; }

    public bool MeasuresLatency { get; }

    /// <summary>Whether choosing needs to know the time.</summary>
    public bool NeedsTime => MeasuresLatency || SlowStart > TimeSpan.Zero;

    /// <summary>A number for each choice; begins anywhere, or each new snapshot would begin with the same endpoint.</summary>
    public ulong NextTurn(Dice dice)
    {
        if (Volatile.Read(ref _turns) == 0)
        {
            Interlocked.CompareExchange(ref _turns, (ulong)dice.Next(int.MaxValue) + 1, 0);
        }

        return Interlocked.Increment(ref _turns);
    }
}
