using Orrery.Builder.Builds;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Acceptance;

/// <summary>Holds an image against the namespace's ImagePolicy, at its registry. What cannot be verified is not signed.</summary>
internal sealed class SignatureCheck(RegistryClient registries, ImageCredentials credentials)
{
    /// <param name="reference">As it is run: what is verified is that digest, and no tag.</param>
    /// <returns><c>null</c>: nothing stands in the way.</returns>
    public async Task<DeploymentFault?> FaultAsync(string @namespace, ImagePolicySpec? policy, string reference, CancellationToken cancellationToken)
    {
        if (policy is not { RequireSignature: true })
        {
            return null;
        }

        if (reference.StartsWith("sha256:", StringComparison.Ordinal) || ImageReference.Parse(reference) is not { } image)
        {
            return Unsigned($"{reference} is an image of this machine alone, and signatures lie in registries. Push it to one and name it by its digest; for images that are built here, set {BuildOptions.Section}:Registry.");
        }

        if (IsExempt(policy, image))
        {
            return null;
        }

        if (image.Digest is not { } digest)
        {
            return Unsigned($"{reference} names no digest, and what a tag means may change after it was verified. Name the image by its digest: {image with { Tag = null }}@sha256:….");
        }

        var keys = policy.Keys!.Select(VerificationKey.Read).ToList();
        try
        {
            var repository = await registries.OpenAsync(image, await credentials.ForAsync(@namespace, image, cancellationToken), RegistryAccess.Pull, cancellationToken);
            var verdict = await new ImageSignatures(repository).VerifyAsync(digest, keys, cancellationToken);
            return verdict.IsSigned ? null : Unsigned(
                $"{reference} is not signed by a key of the namespace's ImagePolicy: {string.Join("; ", verdict.Reasons)}. Sign it (cosign sign --key cosign.key {image with { Tag = null }}), deploy another, or have the ImagePolicy changed.");
        }
        catch (RemoteFailure failure)
        {
            return new DeploymentFault(DeploymentReasons.ImageNotVerified, $"Whether {reference} is signed, as the namespace's ImagePolicy wants it, could not be found out: {failure.Fault.Message}. {failure.Fault.Remedy} It is asked again.");
        }
        finally
        {
            keys.ForEach(key => key.Dispose());
        }
    }

    /// <summary>By whole parts of the name: what is said of <c>team</c> is not said of <c>teams</c>.</summary>
    private static bool IsExempt(ImagePolicySpec policy, ImageReference image)
    {
        var named = image.Normalised;
        var place = $"{named.Registry}/{named.Repository}/";
        return policy.Exempt?.Any(name => ImageReference.Parse(name.TrimEnd('/') + "/x")!.Normalised is var exempt && place.StartsWith($"{exempt.Registry}/{exempt.Repository[..^1]}", StringComparison.Ordinal)) == true;
    }

    private static DeploymentFault Unsigned(string message) => new(DeploymentReasons.ImageNotSigned, "The image " + message);
}
