namespace Orrery.Gateway.Routing;

/// <summary>
/// In turn, each as often as its weight says. The turns walk the circle of all weights in steps of the golden ratio, which
/// spreads any shares evenly: no list of turns to keep, no lock, and an endpoint that goes leaves its turns to all others.
/// </summary>
internal sealed class WeightedRoundRobin : IBalancer
{
    public static readonly WeightedRoundRobin Instance = new();

    private const ulong GoldenRatio = 0x9E3779B97F4A7C15;

    public int Choose(in Choice choice)
    {
        var endpoints = choice.Endpoints;
        var total = 0.0;
        for (var i = 0; i < endpoints.Length; i++)
        {
            total += choice.Allows(i) ? endpoints[i].Weight * choice.ShareOf(i) : 0;
        }

        var point = Hash.Fraction(unchecked(choice.NextTurn() * GoldenRatio)) * total;
        var last = -1;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (choice.Allows(i))
            {
                last = i;
                point -= endpoints[i].Weight * choice.ShareOf(i);
                if (point <= 0)
                {
                    break;
                }
            }
        }

        return last;
    }
}
