using System.Collections.Frozen;
using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Routing;

/// <summary>A declared route, ready to be held against requests: its names looked up once a snapshot.</summary>
internal sealed class DeclaredRoute
{
    private readonly SnapshotRoute _spec;
    private readonly KeyValuePair<string, string>[] _headers;
    private readonly Modalities _modalities;
    private readonly RouteCondition? _condition;
    private readonly HashSet<WantedModel>? _allowedModels;

    /// <param name="random">For expressions; without it <c>random()</c> fails.</param>
    public DeclaredRoute(SnapshotRoute spec, NamespaceModels models, Random? random = null)
    {
        _spec = spec;
        var match = spec.Match;
        Models = Set(match?.Models);
        Tags = Set([.. match?.Tags ?? [], .. match?.Tag is { } tag ? [tag] : Array.Empty<string>()]);
        Keys = Set(match?.Keys);
        Teams = Set(match?.Teams);
        _headers = [.. match?.Headers ?? new Dictionary<string, string>()];
        _modalities = (match?.Modalities ?? []).Aggregate(Modalities.None, (all, name) => all | ModalitiesExtensions.Named(name));
        Targets = [.. spec.Targets.Select(target => (Find(models, target.Model), target.Weight)).Where(target => target.Item1 is not null).Select(target => (target.Item1!.Value, target.Weight))];
        _condition = match?.Expression is { } expression ? new(spec.Name, expression, random) : null;
        Selection = spec.Selection is { Count: > 0 } selection ? new(spec.Name, selection, random) : null;
        _allowedModels = spec.AllowedModels?.Select(name => Find(models, name)).OfType<WantedModel>().ToHashSet();
        Fault = spec.Targets.FirstOrDefault(target => Find(models, target.Model) is null)?.Model is { } missing ? $"its target '{missing}' does not exist" : _condition?.Fault ?? Selection?.Fault;
        Fallback = spec.Fallback is null ? null : [.. spec.Fallback.SelectMany(name => FindFallback(models, name))];
    }

    public string Name => _spec.Name;

    /// <summary>Those that exist, each with its share; the first that is drawn goes first.</summary>
    public IReadOnlyList<(WantedModel Target, int Weight)> Targets { get; }

    /// <summary><c>null</c>: the targets' own providers; empty: nobody.</summary>
    public IReadOnlyList<WantedModel>? Fallback { get; }

    public string? Strategy => RoutingStrategies.Named(_spec.Strategy);

    /// <summary>It says where its requests go; else they go where they say themselves.</summary>
    public bool Leads => _spec.Targets.Count > 0;

    /// <summary><c>null</c>: everyone who may answer is tried.</summary>
    public ModelSelection? Selection { get; }

    /// <summary>It allows some providers or models only.</summary>
    public bool IsBound => _spec.AllowedProviders is not null || _allowedModels is not null;

    /// <summary>It says something of the requests that it matches besides what it allows.</summary>
    public bool Decides => Leads || Selection is not null || Strategy is not null || Fallback is not null;

    /// <summary>What is wrong with it, in words.</summary>
    public string? Fault { get; }

    public SnapshotRoute Spec => _spec;

    /// <summary>The names that it answers to; <c>null</c>: any.</summary>
    public FrozenSet<string>? Models { get; }

    /// <summary>Of which a request must have one; <c>null</c>: it need not.</summary>
    public FrozenSet<string>? Tags { get; }

    /// <summary>Whose requests it takes; <c>null</c>: everybody's.</summary>
    public FrozenSet<string>? Keys { get; }

    /// <summary>The same of teams.</summary>
    public FrozenSet<string>? Teams { get; }

    /// <summary>Names that exist through this route alone or are taken over by it.</summary>
    public IEnumerable<string> Names => Models ?? Enumerable.Empty<string>();

    /// <summary>The tags of a header's value.</summary>
    public static string[] TagsIn(string header) => header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public bool Matches(Exchange exchange) => MatchesFields(exchange) && (_condition is null || _condition.Holds(exchange) == true);

    /// <summary>Whether it bounds the request: it matches, or its expression failed, because what must hold does not cease to by a mistake.</summary>
    public bool Bounds(Exchange exchange) => IsBound && MatchesFields(exchange) && (_condition is null || _condition.Holds(exchange) != false);

    public bool AllowsProvider(Candidate candidate)
    {
        if (_spec.AllowedProviders is not { } names)
        {
            return true;
        }

        for (var i = 0; i < names.Count; i++)
        {
            if (candidate.Provider.IsNamed(names[i]))
            {
                return true;
            }
        }

        return false;
    }

    public bool AllowsModel(Candidate candidate) =>
        _allowedModels is null || _allowedModels.Contains(new(candidate.Model, null)) || _allowedModels.Contains(new(candidate.Model, candidate.Provider.Name));

    private bool MatchesFields(Exchange exchange) =>
        (Models is null || Models.Contains(exchange.Call.ModelName))
        && (Keys is null || Keys.Contains(exchange.Caller.Key.Name))
        && (Teams is null || (exchange.Caller.Team is { } team && Teams.Contains(team.Name)))
        && (Tags is null || HasTag(exchange))
        && IsWithin(exchange.Call.Body.Length)
        && HasHeaders(exchange.Http.Request.Headers)
        && (_modalities == Modalities.None || (exchange.Call.Modalities & _modalities) != 0);

    private bool HasTag(Exchange exchange)
    {
        if (HasAny(exchange.Caller.Key.Tags) || (exchange.Caller.Team is { } team && HasAny(team.Tags)))
        {
            return true;
        }

        if (!exchange.Http.Request.Headers.TryGetValue(OrreryHeaders.Tags, out var sent))
        {
            return false;
        }

        return HasAny(TagsIn(sent.ToString()));
    }

    private bool HasAny(IReadOnlyList<string> tags)
    {
        for (var i = 0; i < tags.Count; i++)
        {
            if (Tags!.Contains(tags[i]))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsWithin(int bodyBytes)
    {
        const int BytesPerToken = 4;
        return _spec.Match?.InputTokens is not { } range
            || ((range.AtLeast is not { } least || bodyBytes / BytesPerToken >= least) && (range.AtMost is not { } most || bodyBytes / BytesPerToken <= most));
    }

    private bool HasHeaders(IHeaderDictionary headers)
    {
        foreach (var (name, value) in _headers)
        {
            if (!headers.TryGetValue(name, out var sent) || (value != "*" && sent != value))
            {
                return false;
            }
        }

        return true;
    }

    private static WantedModel? Find(NamespaceModels models, string name) =>
        ModelResolver.Find(models, name) is var (model, provider) ? new WantedModel(model, provider) : null;

    /// <summary>A model, or a provider: then whichever target it serves.</summary>
    private IEnumerable<WantedModel> FindFallback(NamespaceModels models, string name) =>
        Find(models, name) is { } wanted
            ? [wanted]
            : Targets.Select(target => (target.Target, Plan: target.Target.Model.PlanFor(name)))
                .Where(target => target.Plan is not null)
                .Select(target => target.Target with { Provider = target.Plan!.Provider ?? name });

    private static FrozenSet<string>? Set(IReadOnlyCollection<string>? values) => values is { Count: > 0 } ? values.ToFrozenSet(StringComparer.Ordinal) : null;
}
