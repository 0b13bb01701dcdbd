using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Pins;

/// <summary>Asks registries for digests with a namespace's credentials.</summary>
internal sealed class ImageReader(RegistryReader registries, PinSecrets secrets)
{
    public async Task<(string? Digest, RemoteFault? Fault)> FindAsync(string @namespace, ImageReference image, CancellationToken cancellationToken)
    {
        var (credentials, unreadable) = secrets.RegistryCredentials(@namespace);
        if (unreadable is not null)
        {
            return (null, unreadable);
        }

        var (digest, fault) = await registries.FindDigestAsync(image, credentials, cancellationToken);
        return (digest, fault is { Cause: RemoteCauses.AccessDenied }
            ? fault with { Remedy = $"{fault.Remedy} Credentials stand in the namespace's Secret '{PinSecrets.Registries}', key '{PinSecrets.RegistriesKey}'." }
            : fault);
    }
}
