using Orrery.Catalogue.Resources;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Secrets;

/// <summary>Seals the values of Secrets before anything keeps them; opens them only to compare, to seal anew and to test a connection.</summary>
internal sealed class SecretVault(SecretSealer sealer)
{
    /// <summary>The sealed form of <paramref name="spec"/>; a value that has not changed keeps its ciphertext.</summary>
    public SealedSecretSpec Seal(ResourceKey key, SecretSpec spec, SealedSecretSpec? existing)
    {
        var data = new SortedDictionary<string, SealedSecret>(StringComparer.Ordinal);
        foreach (var (name, value) in spec.Data)
        {
            var context = SecretContext.Of(key.Namespace, key.Name, name);
            var known = existing?.Data.GetValueOrDefault(name);
            data[name] = known is not null && sealer.TryOpen(context, known, out var old, out _) && old == value ? known : sealer.Seal(context, value);
        }

        return new SealedSecretSpec(data);
    }

    /// <summary>A value, for the one who is to use it now; <c>null</c> with the reason where it cannot be opened.</summary>
    public string? Open(ResourceKey key, string name, SealedSecret value, out string? fault) =>
        sealer.TryOpen(SecretContext.Of(key.Namespace, key.Name, name), value, out var opened, out fault) ? opened : null;

    /// <summary>The same values under the current key. <c>null</c> when they are; <paramref name="fault"/> says what could not be opened.</summary>
    public SealedSecretSpec? SealAnew(ResourceKey key, SealedSecretSpec spec, out string? fault)
    {
        fault = null;
        if (spec.Data.Values.All(value => value.KeyId == sealer.KeyId))
        {
            return null;
        }

        var data = new SortedDictionary<string, SealedSecret>(StringComparer.Ordinal);
        foreach (var (name, value) in spec.Data)
        {
            var context = SecretContext.Of(key.Namespace, key.Name, name);
            if (!sealer.TryOpen(context, value, out var opened, out fault))
            {
                return null;
            }

            data[name] = value.KeyId == sealer.KeyId ? value : sealer.Seal(context, opened);
        }

        return new SealedSecretSpec(data);
    }
}
