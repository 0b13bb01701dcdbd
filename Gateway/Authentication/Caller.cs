using System.Collections.Frozen;
using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Quota;

namespace Orrery.Gateway.Authentication;

/// <summary>Who calls: the access key, and the organisation that it belongs to.</summary>
/// <param name="Key">The key as declared.</param>
/// <param name="Models">The models of the key's namespace.</param>
/// <param name="AllowedModels">Ids of the models that it may call; <c>null</c>: all.</param>
internal sealed record Caller(SnapshotKey Key, NamespaceModels Models, FrozenSet<string>? AllowedModels)
{
    private LimitsOfBoth? _limitsOfBoth;

    /// <summary>The limits of the key and of its team; <c>null</c>: none.</summary>
    public Limit[]? Limits { get; init; }

    /// <summary>The team that the key belongs to.</summary>
    public SnapshotTeam? Team { get; init; }

    public string Namespace => Key.Namespace;

    /// <summary>It comes from outside, with an access key.</summary>
    public bool IsExternal { get; init; } = true;

    /// <summary>Whether lists of models show it.</summary>
    public bool MaySee(ServedModel model) => MayCall(model.Id) && !(IsExternal && model.IsInternal) && Models.Routes.MayAnswer(model);

    public bool MayCall(string modelId) => AllowedModels is null || AllowedModels.Contains(modelId);

    /// <summary>Its limits and those of a model; joined when a key changes its model, and not for each request.</summary>
    public Limit[]? LimitsWith(ServedModel model)
    {
        if (Limits is null || model.Limits is null)
        {
            return Limits ?? model.Limits;
        }

        if (_limitsOfBoth is not { } both || !ReferenceEquals(both.Model, model))
        {
            _limitsOfBoth = both = new(model, [.. Limits, .. model.Limits]);
        }

        return both.Limits;
    }

    private sealed record LimitsOfBoth(ServedModel Model, Limit[] Limits);
}
