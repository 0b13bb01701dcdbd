using Orrery.Catalogue.Compilation;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Probing;

/// <summary>A provider with its secrets opened, for the time of a test.</summary>
/// <param name="Keys">Each with the name of its secret, which may be shown, and its value, which never is.</param>
/// <param name="Headers">Sent with each request; values from Secrets are never shown.</param>
/// <param name="WantedModel">The model of the request to make; <c>null</c>: none is made.</param>
/// <param name="WantedType">What that model does.</param>
internal sealed record TestedProvider(ModelProviderSpec Spec, IReadOnlyList<KeyValuePair<string, string>> Keys, IReadOnlyList<KeyValuePair<string, string>> Headers, EgressRoute Route, string? WantedModel, string WantedType)
{
    private const string AnthropicVersion = "2023-06-01";

    /// <summary>Parts of a credential this long appear nowhere.</summary>
    private const int TellingLength = 6;

    /// <summary>Of several keys the first.</summary>
    public string? Credential => Keys.Count == 0 ? null : Keys[0].Value;

    public IReadOnlyList<ProvidedModel> Models { get; } = SnapshotCompiler.Offered(Spec);

    public bool IsAnthropic => Spec.EffectiveEngine == Engines.Anthropic;

    /// <summary>Adds what the gateway adds to a request.</summary>
    public void Authorize(HttpRequestMessage request, string? credential)
    {
        if (IsAnthropic)
        {
            request.Headers.TryAddWithoutValidation("anthropic-version", AnthropicVersion);
        }

        if (credential is not null)
        {
            var (name, value) = AuthTypes.Sent(Spec.EffectiveEngine!, Spec.Auth, credential);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>A server's own words, without control characters and cut; <c>null</c> where they repeat a part of the credential.</summary>
    public string? Sayable(string? text)
    {
        const int Longest = 200;
        if (string.IsNullOrWhiteSpace(text) || Repeats(text))
        {
            return null;
        }

        var shown = new string([.. text.Where(c => !char.IsControl(c))]).Trim();
        return shown.Length > Longest ? shown[..Longest] + "…" : shown;
    }

    private bool Repeats(string text) => Headers.Select(header => header.Value).Where(value => value.Length >= TellingLength).Concat(Keys.Select(key => key.Value)).Any(secret => Repeats(text, secret));

    private static bool Repeats(string text, string secret)
    {
        for (var i = 0; i + Math.Min(TellingLength, secret.Length) <= secret.Length; i++)
        {
            if (text.Contains(secret.Substring(i, Math.Min(TellingLength, secret.Length)), StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
