using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>Asks registries for images that were pushed there.</summary>
internal sealed partial class PushedImages(RegistryClient registries, ImageCredentials credentials, ILogger<PushedImages> logger)
{
    /// <returns>Whether it is still there; <c>null</c>: it was never pushed, or its registry does not say.</returns>
    public async Task<bool?> FindAsync(BuildRecord build, CancellationToken cancellationToken)
    {
        if (build.Digest is not { } digest || ImageReference.Parse(build.Image!) is not { Registry: not null } image)
        {
            return null;
        }

        try
        {
            var repository = await registries.OpenAsync(image, await credentials.ForAsync(build.Namespace, image, cancellationToken), RegistryAccess.Pull, cancellationToken);
            return await repository.FindManifestAsync(digest, cancellationToken) is not null;
        }
        catch (RemoteFailure failure)
        {
            Log.NotSaid(logger, $"{image}", failure.Fault.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3421, LogLevel.Warning, "Whether {Image} is still in its registry is not known: {Reason}. It is taken to be", EventName = "ImageNotLookedFor")]
        public static partial void NotSaid(ILogger logger, string image, string reason);
    }
}
