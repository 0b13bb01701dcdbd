using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway.Routing;

/// <summary>A provider that may serve a model, and the id that it knows it by.</summary>
internal sealed class Candidate(ProviderRoute provider, string upstreamId)
{
    public ProviderRoute Provider { get; } = provider;

    public string UpstreamId { get; } = upstreamId;

    /// <summary><see cref="UpstreamId"/> as a JSON string, quotes included.</summary>
    public byte[] UpstreamIdJson { get; } = JsonText.Quote(upstreamId);

    /// <summary>What of its model is on its way there; outlives the snapshot.</summary>
    public InFlight? InFlight { get; set; }
}

/// <summary>A provider as requests use it: credential opened, timeouts filled in, endpoints with their live state.</summary>
internal sealed class ProviderRoute
{
    public required SnapshotProvider Spec { get; init; }

    public required IEngineAdapter Adapter { get; init; }

    /// <summary>The <c>Authorization</c> header's value; <c>null</c>: none is sent. Never logged.</summary>
    public required string? Authorization { get; init; }

    /// <summary>Why nothing can be sent here, in words; <c>null</c> when something can.</summary>
    public required string? Fault { get; init; }

    public required IReadOnlyList<WeightedEndpoint> Endpoints { get; init; }

    public required TimeSpan RequestTimeout { get; init; }

    public required TimeSpan IdleTimeout { get; init; }

    public required TimeSpan TotalTimeout { get; init; }

    /// <summary>What may be asked of it; <c>null</c>: no limits.</summary>
    public Quota.Limit[]? Limits { get; init; }

    public string Name => Spec.Name;

    public bool IsUsable => Fault is null && Endpoints.Count > 0;
}

/// <param name="Weight">Its share of the requests, relative to its neighbours'; above 0.</param>
internal readonly record struct WeightedEndpoint(Endpoint Endpoint, int Weight);
