using Orrery.Contracts;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway.Routing;

/// <summary>Opens what a provider is reached with, once a snapshot.</summary>
internal sealed class AccessBuilder(SecretSealer sealer, KeyBook keys)
{
    /// <summary>A secret this short would be found in any text.</summary>
    private const int ShortestMasked = 6;

    /// <param name="fault">Why nothing can be sent there, in words and without a value; <c>null</c>: something can.</param>
    /// <param name="lost">Of several keys those that cannot be used, in words.</param>
    public ProviderAccess Build(SnapshotProvider provider, out string? fault, out IReadOnlyList<string> lost)
    {
        var (faults, lostKeys, secrets) = (new List<string>(), new List<string>(), new List<string>());
        lost = lostKeys;
        var headers = (provider.Headers ?? new Dictionary<string, string>()).ToList();
        foreach (var (name, secret) in provider.SecretHeaders ?? new Dictionary<string, SnapshotSecret>())
        {
            if (Open(provider, secret, isHeader: true, faults) is { } value)
            {
                headers.Add(KeyValuePair.Create(name, value));
                secrets.Add(value);
            }
        }

        var type = provider.Auth?.Type ?? AuthTypes.Of(provider.Engine);
        var several = provider.ApiKeys.Count > 1 && type != AuthTypes.None;
        List<ProviderKey> ring = several ? [.. OpenAll(provider, type, lostKeys, secrets)] : [];
        if (several && ring.Count == 0)
        {
            faults.AddRange(lostKeys);
        }

        var credential = several || type == AuthTypes.None ? (ring is [{ } only] ? only.Credential : null) : OpenSingle(provider, type, faults, secrets);
        fault = faults.FirstOrDefault();
        return new ProviderAccess
        {
            CredentialHeader = AuthTypes.Sent(provider.Engine, provider.Auth, "").Name,
            Credential = credential,
            Keys = ring.Count > 1 ? new KeyRing([.. ring]) : null,
            Headers = [.. headers],
            Secrets = [.. secrets.Where(secret => secret.Length >= ShortestMasked).Distinct().OrderByDescending(secret => secret.Length)],
        };
    }

    /// <summary>How connections to the provider are made.</summary>
    /// <param name="fault">Why nothing may be sent: what cannot be verified is not talked to.</param>
    public EgressRoute RouteOf(SnapshotProvider provider, out string? fault)
    {
        fault = null;
        if (provider.Tls is null && provider.Proxy is null)
        {
            return EgressRoute.Default;
        }

        var (authority, faults) = (provider.Tls?.CertificateAuthority, new List<string>());
        if (provider.CertificateAuthority is { } secret)
        {
            authority = Open(provider, secret, isHeader: false, faults);
            fault = faults.FirstOrDefault();
        }

        if (authority is not null && ProviderTls.Check(authority) is { } expected)
        {
            fault = $"its certificate authority is not {expected}";
            authority = null;
        }

        return new EgressRoute(provider.Proxy, authority, provider.Tls?.ServerName);
    }

    private IEnumerable<ProviderKey> OpenAll(SnapshotProvider provider, string type, List<string> faults, List<string> secrets)
    {
        for (var i = 0; i < provider.ApiKeys.Count; i++)
        {
            var secret = provider.ApiKeys[i];
            if (Open(provider, secret, type != AuthTypes.Basic, faults) is { } value)
            {
                yield return new ProviderKey(
                    i + 1, Credential(provider, value, secrets), keys.Get(new KeyName(provider.Namespace, provider.Name, $"{secret.Secret}/{secret.Key}"), value));
            }
        }
    }

    private string? OpenSingle(SnapshotProvider provider, string type, List<string> faults, List<string> secrets) =>
        provider.ApiKey is { } apiKey && Open(provider.ApiKeyContext ?? "", apiKey, "its credential", type != AuthTypes.Basic, faults) is { } value
            ? Credential(provider, value, secrets)
            : null;

    private string? Open(SnapshotProvider provider, SnapshotSecret secret, bool isHeader, List<string> faults) =>
        Open(SecretContext.Of(provider.Namespace, secret.Secret, secret.Key), secret.Value, $"{secret.Secret}/{secret.Key}", isHeader, faults);

    /// <param name="isHeader">It is sent in a header as it is.</param>
    /// <remarks>Files and pipes leave a line break at the end; what else no header may hold would be left out of the request in silence.</remarks>
    private string? Open(string context, SealedSecret secret, string name, bool isHeader, List<string> faults)
    {
        if (!sealer.TryOpen(context, secret, out var value, out var fault))
        {
            faults.Add($"{name} cannot be opened: {fault}");
            return null;
        }

        value = value.TrimEnd('\r', '\n');
        if (isHeader && RequestHeaders.CheckValue(value) is { } expected)
        {
            faults.Add($"{name} cannot be sent in a header; expected {expected}");
            return null;
        }

        return value;
    }

    private static string Credential(SnapshotProvider provider, string value, List<string> secrets)
    {
        var sent = AuthTypes.Sent(provider.Engine, provider.Auth, value).Value;
        secrets.AddRange([value, sent[(sent.IndexOf(' ') + 1)..]]);
        return sent;
    }
}
