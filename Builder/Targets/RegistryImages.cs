using Orrery.Builder.Declared;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Targets;

/// <summary>What an image's tag means now, for targets that do not pull it themselves. The Catalogue asks: it has the namespace's credentials.</summary>
internal sealed class RegistryImages(CatalogueClient catalogue)
{
    /// <exception cref="TargetException">There is no such image or tag.</exception>
    public async Task<ResolvedImage> ResolveAsync(DeploymentKey key, string reference, string? wish, CancellationToken cancellationToken)
    {
        var answer = await catalogue.FindImageAsync(new ImageQuestion(key.Namespace, reference, wish), cancellationToken);
        return answer switch
        {
            { IsMissing: true } => throw new TargetException(DeploymentReasons.ImageUnavailable, $"The image {reference} cannot be run: {answer.Message}"),
            { Digest: { } digest } => new ResolvedImage(ByDigest(reference, digest), digest),
            { Pending: not null } => new ResolvedImage(reference, null) { Pending = answer.Pending },

            // The nodes have rights and ways of their own: what we may not see they may be able to pull.
            _ => new ResolvedImage(reference, null)
            {
                Warning = $"The digest of {reference} could not be found out: {answer.Message} It is run as it is written, and the nodes ask for themselves; a tag that moves on means another image for replicas that are made later.",
            },
        };
    }

    /// <summary>Without its tag, since not every runtime takes both.</summary>
    private static string ByDigest(string reference, string digest) =>
        ImageReference.Parse(reference) is { } image ? $"{image with { Tag = null, Digest = digest }}" : reference;
}
