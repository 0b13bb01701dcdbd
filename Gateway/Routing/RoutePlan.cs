namespace Orrery.Gateway.Routing;

/// <summary>Who is asked, in this order. Data: where nothing about the request decides, made once a snapshot, since load and health are looked at when an endpoint is taken.</summary>
internal sealed class RoutePlan(IReadOnlyList<Candidate> candidates, string? rule = null, string? strategy = null)
{
    public IReadOnlyList<Candidate> Candidates { get; } = candidates;

    /// <summary>Someone can be sent to at all.</summary>
    public bool IsUsable { get; } = candidates.Any(candidate => candidate.Provider.IsUsable);

    /// <summary>The first one's name; <c>null</c>: there is none.</summary>
    public string? Provider => Candidates.Count > 0 ? Candidates[0].Provider.Name : null;

    /// <summary>Some candidate is not for every request.</summary>
    public bool HasRules { get; } = ProviderRules.Any(candidates);

    /// <summary>Why in this order, in words; <c>null</c>: as declared.</summary>
    public string? Rule { get; } = rule;

    /// <summary>What orders it; <c>null</c>: as declared.</summary>
    public string? Strategy { get; } = strategy;

    /// <summary>Expressions of a route decided who is in it.</summary>
    public bool IsSelected { get; init; }

    /// <summary>The same with fewer.</summary>
    public RoutePlan With(IReadOnlyList<Candidate> fewer) => new(fewer, Rule, Strategy) { IsSelected = IsSelected };
}
