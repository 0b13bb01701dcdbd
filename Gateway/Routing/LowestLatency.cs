namespace Orrery.Gateway.Routing;

/// <summary>Of two drawn by weight the one that is expected to answer sooner: its latency times what waits there.</summary>
internal sealed class LowestLatency : IBalancer
{
    public static readonly LowestLatency Instance = new();

    public int Choose(in Choice choice)
    {
        var one = choice.Draw();
        var other = one < 0 ? -1 : choice.Draw(except: one);
        if (other < 0)
        {
            return one;
        }

        var ofOne = choice.Endpoints[one].Endpoint.Latency.Read(choice.Now);
        var ofOther = choice.Endpoints[other].Endpoint.Latency.Read(choice.Now);

        // What was never measured is taken to be as fast as its neighbour: as nothing at all it would draw every request until its first answer.
        (ofOne, ofOther) = (ofOne > 0 ? ofOne : ofOther, ofOther > 0 ? ofOther : ofOne);
        return Cost(ofOther, choice.Endpoints[other]) < Cost(ofOne, choice.Endpoints[one]) ? choice.Ramp(other, one) : choice.Ramp(one, other);
    }

    /// <remarks>Where neither was measured what waits decides.</remarks>
    private static double Cost(double latency, in WeightedEndpoint weighted) => (latency + 1e-6) * (((double)weighted.Endpoint.InFlight / weighted.Weight) + 1);
}
