using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>The way to registries: under the rule of everything that goes out, with the authorities of <see cref="RegistryOptions.CaFile"/> trusted beside the others.</summary>
public sealed class RegistryEgress : IDisposable
{
    public RegistryEgress(EgressDialers dialers, EgressPolicy policy, TimeProvider time, IOptions<RegistryOptions> options)
    {
        var authorities = options.Value.CaFile is { Length: > 0 } file ? File.ReadAllText(file) : null; // Once: what becomes of the file later closes no registry.
        Client = new EgressClient(dialers, policy, time, EgressRoute.Default with { CertificateAuthority = authorities });
    }

    public EgressClient Client { get; }

    public void Dispose() => Client.Dispose();
}
