using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>The Secrets that a provider needs, with the place of each in its document.</summary>
internal static class SecretReferences
{
    public static IEnumerable<(string Path, SecretKeyReference Reference)> Of(ModelProviderSpec spec)
    {
        if (spec.ApiKeySecretRef is { } one)
        {
            yield return ("spec.apiKeySecretRef", one);
        }

        for (var i = 0; i < spec.ApiKeySecretRefs?.Count; i++)
        {
            yield return ($"spec.apiKeySecretRefs[{i}]", spec.ApiKeySecretRefs[i]);
        }

        foreach (var (name, reference) in spec.SecretHeaders ?? new Dictionary<string, SecretKeyReference>())
        {
            yield return ($"spec.secretHeaders.{name}", reference);
        }

        if (spec.Tls?.CertificateAuthoritySecretRef is { } authority)
        {
            yield return ("spec.tls.certificateAuthoritySecretRef", authority);
        }
    }
}
