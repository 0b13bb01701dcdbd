using Orrery.Contracts;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway.Routing;

/// <summary>A provider that may serve a model, and the id that it knows it by.</summary>
internal sealed partial class Candidate(ProviderRoute provider, string upstreamId, Latency latency)
{
    private ServedModel? _model;
    private Limit[]? _modelLimits;
    private Limit[]? _externalModelLimits;

    public ProviderRoute Provider { get; } = provider;

    /// <summary>What it serves; set once, by the model that lists it.</summary>
    public ServedModel Model
    {
        get => _model ?? throw new InvalidOperationException("Candidate.Model is read before its model exists.");
        set => _model = value;
    }

    public Latency Latency { get; } = latency;

    /// <summary>Prices of 1,000 tokens; <c>null</c>: not known.</summary>
    public double? InputPrice { get; init; }

    public double? OutputPrice { get; init; }

    public string UpstreamId { get; } = upstreamId;

    /// <summary><see cref="UpstreamId"/> as a JSON string, quotes included.</summary>
    public byte[] UpstreamIdJson { get; } = JsonText.Quote(upstreamId);

    /// <summary>Tokens of an answer, at most, as the provider declares them.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>What an attempt here needs: what its provider allows the caller, and its model where that is asked for each attempt; <c>null</c>: no limits.</summary>
    public Limit[]? LimitsOf(Caller caller, bool withModel) => (caller.IsExternal, withModel) switch
    {
        (false, false) => Provider.Limits,
        (true, false) => Provider.ExternalLimits,
        (false, true) => _modelLimits ??= Limit.Join(Provider.Limits, Model.Limits),
        (true, true) => _externalModelLimits ??= Limit.Join(Provider.ExternalLimits, Model.Limits),
    };

    /// <summary>What of its model is on its way there; outlives the snapshot.</summary>
    public InFlight? InFlight { get; set; }
}

/// <summary>A provider as requests use it: credential opened, timeouts filled in, endpoints with their live state.</summary>
internal sealed class ProviderRoute
{
    private const int UsualPriority = 100;

    public required SnapshotProvider Spec { get; init; }

    /// <summary>Its share where requests are dealt out by weight.</summary>
    public int Weight => Spec.Weight ?? 1;

    /// <summary>Lower is asked first.</summary>
    public int Priority => Spec.Priority ?? UsualPriority;

    public required IEngineAdapter Adapter { get; init; }

    /// <summary>The credential and the headers that requests carry. Never logged.</summary>
    public ProviderAccess Access { get; init; } = ProviderAccess.None;

    /// <summary>Why nothing can be sent here, in words; <c>null</c> when something can.</summary>
    public required string? Fault { get; init; }

    public required IReadOnlyList<WeightedEndpoint> Endpoints { get; init; }

    public required TimeSpan RequestTimeout { get; init; }

    public required TimeSpan IdleTimeout { get; init; }

    public required TimeSpan TotalTimeout { get; init; }

    /// <summary>How requests are spread over <see cref="Endpoints"/>.</summary>
    public Balancing Balancing => field ??= new Balancing(Spec.Balancing, Endpoints);

    /// <summary>What may be asked of it; <c>null</c>: no limits.</summary>
    public Limit[]? Limits { get; init; }

    /// <summary>What external callers may ask of it: <see cref="Limits"/> and what holds for them alone.</summary>
    public Limit[]? ExternalLimits { get; init; }

    public string Name => Spec.Name;

    /// <summary>Its servers are the operator's own.</summary>
    public bool IsSelfHosted => Spec.Provider == "self_hosted";

    public bool IsUsable => Fault is null && Endpoints.Count > 0;

    /// <summary>Not all of its keys have to wait.</summary>
    public bool HasKey => Access.Keys is not { } keys || keys.IsReady;

    /// <summary>Requests may mean it by <paramref name="name"/>.</summary>
    public bool IsNamed(string name)
    {
        if (Spec.Name == name)
        {
            return true;
        }

        var aliases = Spec.Aliases;
        for (var i = 0; i < aliases.Count; i++)
        {
            if (aliases[i] == name)
            {
                return true;
            }
        }

        return false;
    }
}

/// <param name="Weight">Its share of the requests, relative to its neighbours'; above 0.</param>
internal readonly record struct WeightedEndpoint(Endpoint Endpoint, int Weight);
