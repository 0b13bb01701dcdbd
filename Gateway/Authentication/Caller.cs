using System.Collections.Frozen;
using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Authentication;

/// <summary>Who calls: the access key, and the organisation that it belongs to.</summary>
/// <param name="Key">The key as declared.</param>
/// <param name="Models">The models of the key's namespace.</param>
/// <param name="AllowedModels">Ids of the models that it may call; <c>null</c>: all.</param>
internal sealed record Caller(SnapshotKey Key, NamespaceModels Models, FrozenSet<string>? AllowedModels)
{
    /// <summary>The limits of the key and of its team; <c>null</c>: none.</summary>
    public Quota.Limit[]? Limits { get; init; }

    /// <summary>The team that the key belongs to.</summary>
    public SnapshotTeam? Team { get; init; }

    public string Namespace => Key.Namespace;

    /// <summary>It comes from outside, with an access key.</summary>
    public bool IsExternal { get; init; } = true;

    /// <summary>Whether lists of models show it.</summary>
    public bool MaySee(ServedModel model) => MayCall(model.Id) && !(IsExternal && model.IsInternal);

    public bool MayCall(string modelId) => AllowedModels is null || AllowedModels.Contains(modelId);
}
