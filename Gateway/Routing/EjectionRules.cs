namespace Orrery.Gateway.Routing;

/// <summary>When requests' failures take an endpoint out of service, and for how long.</summary>
internal sealed record EjectionRules
{
    public static readonly EjectionRules Default = new();

    /// <summary>One or two may be the requests' own doing.</summary>
    public int ErrorsInARow { get; init; } = 3;

    /// <summary>The share of failures within <see cref="Window"/> from which on an endpoint is out, once it had <see cref="LeastRequests"/>.</summary>
    public double ErrorRate { get; init; } = 0.5;

    public int LeastRequests { get; init; } = 20;

    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Doubled by each ejection that follows.</summary>
    public TimeSpan FirstEjection { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Also how long a single probing request may keep others from probing.</summary>
    public TimeSpan LongestEjection { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest that an engine's Retry-After is believed.</summary>
    public TimeSpan LongestCooling { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>In service for this long, an endpoint's earlier ejections are forgotten.</summary>
    public TimeSpan Forgiven { get; init; } = TimeSpan.FromSeconds(30);
}
