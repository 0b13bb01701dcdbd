using Orrery.Catalogue.Following;
using Orrery.Catalogue.Resources;
using Orrery.Catalogue.Secrets;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Pins;

/// <summary>What a namespace's Secrets have for the hub and for registries. Neither has to be there.</summary>
internal sealed class PinSecrets(LiveState live, SecretVault vault)
{
    public const string Hub = "huggingface";
    public const string HubKey = "token";
    public const string Registries = "registries";
    public const string RegistriesKey = ".dockerconfigjson";

    public (string? Token, RemoteFault? Fault) HubToken(string @namespace)
    {
        var (token, fault) = Open(@namespace, Hub, HubKey);
        token = token?.Trim();
        return token is not null && RequestHeaders.CheckValue(token) is { } expected ? (null, Invalid(Hub, HubKey, $"expected {expected}")) : (token, fault);
    }

    public (RegistryCredentials? Credentials, RemoteFault? Fault) RegistryCredentials(string @namespace)
    {
        var (text, fault) = Open(@namespace, Registries, RegistriesKey);
        if (text is null)
        {
            return (null, fault);
        }

        var read = ServiceDefaults.Registries.RegistryCredentials.TryRead(text, out var wrong);
        return wrong is null ? (read, null) : (null, Invalid(Registries, RegistriesKey, wrong));
    }

    private (string? Value, RemoteFault? Fault) Open(string @namespace, string name, string key)
    {
        var secret = new ResourceKey(ResourceKind.Secret, @namespace, name);
        if (live.State.Find(secret)?.Spec is not SealedSecretSpec { Data: var data })
        {
            return (null, null);
        }

        return !data.TryGetValue(key, out var value) ? (null, Invalid(name, key, "there is no such key"))
            : vault.Open(secret, key, value, out var fault) is { } opened ? (opened, null)
            : (null, Invalid(name, key, fault!));
    }

    private static RemoteFault Invalid(string name, string key, string wrong) => new(
        "credential", RemoteCauses.CredentialInvalid, $"key '{key}' of the Secret '{name}' is of no use: {wrong}", "Put it right, or delete the Secret to ask without it.");
}
