using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Registries.Ecr;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>Reads and writes images and what belongs to them (OCI distribution specification 1.1).</summary>
public sealed class RegistryClient(RegistryEgress egress, EcrCredentials ecr, IOptions<RegistryOptions> options, TimeProvider time)
{
    /// <summary>Who changes the same tag here waits for the other; several tags may share a lock.</summary>
    private readonly SemaphoreSlim[] _edits = [.. Enumerable.Range(0, 16).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Opens it as whom the credentials name, and where they name nobody, as whom this service is at Amazon ECR: for images of the operator's own.</summary>
    /// <exception cref="Egress.RemoteFailure">AWS gives no password.</exception>
    public async Task<RegistryRepository> OpenAsync(ImageReference image, RegistryCredentials? credentials, RegistryAccess access, CancellationToken cancellationToken) =>
        Open(image, credentials?.For(image) ?? await ecr.FindAsync(image, cancellationToken), access);

    /// <summary>Asks nobody yet.</summary>
    /// <param name="credential">Who asks; <c>null</c>: nobody in particular.</param>
    /// <param name="access">What is read may come from a mirror; who writes speaks to the registry itself.</param>
    public RegistryRepository Open(ImageReference image, RegistryCredential? credential, RegistryAccess access)
    {
        var named = image.Normalised;
        return new RegistryRepository(
            egress.Client, new RegistrySession(egress.Client, options.Value, named, credential, access), options.Value, named with { Tag = null, Digest = null }, _edits, time);
    }
}
