using System.Text.Json;
using Orrery.Contracts.Expressions;
using Orrery.Expressions;

namespace Orrery.Gateway.Routing;

/// <summary>A candidate as an expression sees it.</summary>
internal sealed partial class Candidate : ISelectableModel
{
    private Value? _metadata;

    /// <summary>The model's own metadata as this provider declares it; the provider's is joined with it.</summary>
    public IReadOnlyDictionary<string, JsonElement>? OwnMetadata { get; init; }

    string ISelectableModel.Id => Model.Id;

    string ISelectableModel.ProviderId => Provider.Name;

    Value ISelectableModel.Metadata => _metadata ??= Joined(Provider.Spec.Metadata, OwnMetadata);

    int? ISelectableModel.ContextWindow => Model.Spec.ContextWindow;

    double? ISelectableModel.LatencyMs => Latency.Read()?.Seconds * 1_000;

    int ISelectableModel.InFlight
    {
        get
        {
            var inFlight = 0;
            foreach (var (endpoint, _) in Provider.Endpoints)
            {
                inFlight += endpoint.InFlight;
            }

            return inFlight;
        }
    }

    bool ISelectableModel.IsReady => Provider.IsUsable && Provider.HasKey && HasEndpoint();

    int ISelectableModel.Priority => Provider.Priority;

    int ISelectableModel.Weight => Provider.Weight;

    bool ISelectableModel.IsSelfHosted => Provider.IsSelfHosted;

    private bool HasEndpoint()
    {
        foreach (var (endpoint, _) in Provider.Endpoints)
        {
            if (endpoint.Health.MayEnter)
            {
                return true;
            }
        }

        return false;
    }

    private static Value Joined(IReadOnlyDictionary<string, JsonElement>? providers, IReadOnlyDictionary<string, JsonElement>? own) =>
        Value.Map((providers ?? None).Concat(own ?? None).Select(entry => KeyValuePair.Create(entry.Key, Value.Json(entry.Value)))); // The last of two counts.

    private static readonly IReadOnlyDictionary<string, JsonElement> None = new Dictionary<string, JsonElement>();
}
