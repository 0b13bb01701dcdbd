using Orrery.Contracts;

namespace Orrery.Catalogue.Licences;

/// <summary>What a server is started with, whatever field it was said in.</summary>
/// <param name="Model">With all that a deployment says over it: its flags, its variables, the weights in its repository's place.</param>
internal sealed record StartedModel(ModelSpec Model)
{
    /// <summary>What is started instead of the image's own; empty: the image's own, with the model's flags.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Further weights that are served with it, or that it stands in for: repositories and folders.</summary>
    public IReadOnlyList<string?> Weights { get; init; } = [];
}
