using Orrery.Gateway.Intake;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Routing;

/// <summary>
/// Chooses among the endpoints of a provider. A request that fails asks again with the endpoint among the tried, so that
/// the answers to one request make an ordering. Shared by all requests; allocates nothing.
/// </summary>
internal interface IBalancer
{
    /// <returns>The index of an endpoint that <paramref name="choice"/> allows; -1: there is none.</returns>
    int Choose(in Choice choice);
}

/// <summary>What a choice may look at of the request: its body as far as it was read, and its headers.</summary>
internal readonly struct Asked(Call? call, IHeaderDictionary? headers)
{
    public Call? Call { get; } = call;

    /// <summary>A number for the session that <paramref name="header"/> names, the same at every gateway; 0: it names none.</summary>
    public ulong SessionOf(string? header) =>
        header is not null && headers is not null && headers.TryGetValue(header, out var values) && values is [{ Length: > 0 } session, ..]
            ? Hash.Of(session) | 1
            : 0;
}

/// <summary>One choice: which endpoints there are, which of them may be taken, and by what chance.</summary>
internal readonly ref struct Choice
{
    /// <summary>A ramping endpoint gets some requests from the start, or it would never be warm.</summary>
    private const double LeastShare = 0.05;

    /// <summary>Draws that may hit an endpoint that is out before all are looked at.</summary>
    private const int MostMisses = 4;

    /// <summary>Endpoints that began so close together began together.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    private readonly Balancing _balancing;
    private readonly ref readonly TriedEndpoints _tried;
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestService;

    public Choice(Balancing balancing, ref readonly TriedEndpoints tried, in Asked asked, ulong session, Dice dice, TimeProvider time)
    {
        _balancing = balancing;
        _tried = ref tried;
        _time = time;
        Asked = asked;
        Session = session;
        Dice = dice;
        Now = balancing.NeedsTime ? time.GetTimestamp() : 0;
        _longestService = TimeSpan.Zero;
        if (balancing.SlowStart > TimeSpan.Zero)
        {
            for (var i = 0; i < balancing.Endpoints.Length; i++)
            {
                _longestService = Allows(i) && InService(i) is var service && service > _longestService ? service : _longestService;
            }
        }
    }

    public ReadOnlySpan<WeightedEndpoint> Endpoints => _balancing.Endpoints;

    public Asked Asked { get; }

    /// <summary>0: the request belongs to none.</summary>
    public ulong Session { get; }

    public Dice Dice { get; }

    /// <summary>A timestamp, where the balancing needs one.</summary>
    public long Now { get; }

    public ulong NextTurn() => _balancing.NextTurn(Dice);

    public bool Allows(int index)
    {
        var endpoint = _balancing.Endpoints[index].Endpoint;
        return endpoint.Health.MayEnter && !_tried.Contains(endpoint);
    }

    /// <summary>How much of its weight an endpoint has already: 1, or less while it starts slowly.</summary>
    /// <remarks>Beside one that serves for longer: where all are new the gateway is, and their caches are as warm as another gateway left them.</remarks>
    public double ShareOf(int index)
    {
        if (_balancing.SlowStart <= TimeSpan.Zero)
        {
            return 1;
        }

        var service = InService(index);
        return service >= _balancing.SlowStart || _longestService - service <= AtOnce
            ? 1
            : Math.Max(LeastShare, service / (_longestService < _balancing.SlowStart ? _longestService : _balancing.SlowStart));
    }

    /// <summary>An allowed endpoint other than <paramref name="except"/>, each as likely as its weight says; -1: there is none.</summary>
    public int Draw(int except = -1)
    {
        var endpoints = Endpoints;
        if (_balancing.IsUniform)
        {
            for (var i = 0; i < MostMisses; i++)
            {
                var drawn = (int)Dice.Next(endpoints.Length);
                if (drawn != except && Allows(drawn))
                {
                    return drawn;
                }
            }
        }

        long total = 0;
        for (var i = 0; i < endpoints.Length; i++)
        {
            total += i != except && Allows(i) ? endpoints[i].Weight : 0;
        }

        if (total == 0)
        {
            return -1;
        }

        var point = Dice.Next(total);
        var last = -1;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (i != except && Allows(i))
            {
                last = i;
                point -= endpoints[i].Weight;
                if (point < 0)
                {
                    break;
                }
            }
        }

        return last; // Health may have changed between the two looks.
    }

    private TimeSpan InService(int index) => _time.GetElapsedTime(_balancing.Endpoints[index].Endpoint.Health.InServiceSince, Now);

    /// <summary><paramref name="chosen"/>, or in its place <paramref name="other"/> as often as slow start says.</summary>
    public int Ramp(int chosen, int other)
    {
        var share = ShareOf(chosen);
        return share >= 1 || Dice.Next(1 << 20) < share * (1 << 20) ? chosen : other;
    }
}

/// <summary>Numbers from texts and from numbers, the same in every process.</summary>
internal static class Hash
{
    /// <summary>FNV-1a over the characters, mixed well.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return Mix(hash);
    }

    /// <summary>SplitMix64's last steps: every bit of the result depends on every bit of <paramref name="z"/>.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Above 0, at most 1.</summary>
    public static double Fraction(ulong hash) => ((hash >> 11) + 1) * (1.0 / (1UL << 53));
}
