namespace Orrery.Gateway.Routing;

/// <summary>
/// A session's own endpoint: the one with the highest score for it (weighted rendezvous hashing: Schindelhauer and Schomaker
/// 2005). When an endpoint goes only its own sessions move, and every gateway chooses alike without asking another.
/// </summary>
internal sealed class SessionAffinity : IBalancer
{
    public static readonly SessionAffinity Instance = new();

    private const ulong RampSalt = 0xD1B54A32D192ED03;

    public int Choose(in Choice choice)
    {
        var (best, bestScore) = (-1, double.NegativeInfinity);
        var (ramping, rampingScore) = (-1, double.NegativeInfinity);
        for (var i = 0; i < choice.Endpoints.Length; i++)
        {
            if (!choice.Allows(i))
            {
                continue;
            }

            var hash = Hash.Mix(choice.Session ^ choice.Endpoints[i].Endpoint.Hash);
            var score = choice.Endpoints[i].Weight / -Math.Log(Hash.Fraction(hash));

            // Which of its sessions a starting endpoint has already is fixed, so that each moves there once.
            if (Hash.Fraction(Hash.Mix(hash ^ RampSalt)) > choice.ShareOf(i))
            {
                (ramping, rampingScore) = score > rampingScore ? (i, score) : (ramping, rampingScore);
            }
            else if (score > bestScore)
            {
                (best, bestScore) = (i, score);
            }
        }

        return best >= 0 ? best : ramping;
    }
}
