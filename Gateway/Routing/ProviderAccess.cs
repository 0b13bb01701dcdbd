using System.Net.Http.Headers;

namespace Orrery.Gateway.Routing;

/// <summary>What every request to a provider carries by its operator's will: headers, and the credential as the server wants it. Never logged.</summary>
internal sealed class ProviderAccess
{
    public static readonly ProviderAccess None = new();

    /// <summary>The header that a credential is sent in.</summary>
    public string CredentialHeader { get; init; } = "Authorization";

    /// <summary>The header's value where there is one credential; <c>null</c>: there is none, or there are several.</summary>
    public string? Credential { get; init; }

    /// <summary>Where there are several.</summary>
    public KeyRing? Keys { get; init; }

    public KeyValuePair<string, string>[] Headers { get; init; } = [];

    /// <summary>Everything here that nobody may see.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <param name="key">The key whose turn it is, where there are several.</param>
    public void AddTo(HttpRequestHeaders headers, ProviderKey? key)
    {
        if ((key?.Credential ?? Credential) is { } credential)
        {
            headers.TryAddWithoutValidation(CredentialHeader, credential);
        }

        foreach (var (name, value) in Headers)
        {
            headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>Takes our secrets out of what a server wrote: some repeat the key that they refuse.</summary>
    public string? Mask(string? text)
    {
        if (text is null)
        {
            return null;
        }

        foreach (var secret in Secrets)
        {
            text = text.Replace(secret, "[secret]", StringComparison.Ordinal);
        }

        return text;
    }
}
