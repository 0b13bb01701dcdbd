namespace Orrery.Gateway.Routing;

/// <summary>The less loaded of two drawn by weight (power of two choices: Mitzenmacher 2001).</summary>
internal sealed class LeastInFlight : IBalancer
{
    public static readonly LeastInFlight Instance = new();

    public int Choose(in Choice choice)
    {
        var one = choice.Draw();
        var other = one < 0 ? -1 : choice.Draw(except: one); // Another one, or the busier of two would still get a quarter of the requests.
        if (other < 0)
        {
            return one;
        }

        // Among equally loaded ones the first drawn, so that shares follow the weights where there is little to do.
        return Load(choice.Endpoints[other]) < Load(choice.Endpoints[one]) ? choice.Ramp(other, one) : choice.Ramp(one, other);
    }

    private static double Load(in WeightedEndpoint weighted) => (double)weighted.Endpoint.InFlight / weighted.Weight;
}
