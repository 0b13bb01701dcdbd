using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>Rules for what a provider is reached with: keys, authentication, headers, other names.</summary>
internal static partial class ProviderCredentials
{
    private const int MostKeys = 64;
    private const int MostAliases = 16;

    public static void Validate(ModelProviderSpec spec, FieldErrors errors)
    {
        ValidateKeys(spec, errors);
        var hasCredential = spec.EffectiveApiKeySecretRefs.Count > 0;
        if (spec.Auth is { } auth && spec.EffectiveEngine is { } engine)
        {
            auth.Validate(errors, engine, hasCredential);
        }

        ValidateHeaders(spec, errors, hasCredential);
        ValidateAliases(spec, errors);
        ValidateAzure(spec, errors);
    }

    private static void ValidateAzure(ModelProviderSpec spec, FieldErrors errors)
    {
        for (var i = 0; i < spec.EffectiveEndpoints.Count && spec.EffectiveEngine == Engines.AzureOpenAi; i++)
        {
            if (spec.EffectiveEndpoints[i].Url.Contains("/deployments", StringComparison.Ordinal))
            {
                errors.Add(spec.Endpoints is null ? "spec.endpoint" : $"spec.endpoints[{i}].url", spec.EffectiveEndpoints[i].Url, "the resource's address, up to /openai", "Name the deployment in the upstreamId of its model.");
            }
        }

        if (spec.ApiVersion is { } version)
        {
            if (spec.EffectiveEngine != Engines.AzureOpenAi)
            {
                errors.Add("spec.apiVersion", version, $"nothing: only the engine {Engines.AzureOpenAi} has versions");
            }
            else if (!ApiVersion.IsMatch(version))
            {
                errors.Add("spec.apiVersion", version, "a version such as 2024-10-21 or 2025-04-01-preview; preview or latest with /openai/v1");
            }
        }
    }

    private static void ValidateKeys(ModelProviderSpec spec, FieldErrors errors)
    {
        if (spec.ApiKeySecretRef is { } one)
        {
            Require(errors, "spec.apiKeySecretRef", one);
        }

        if (spec.ApiKeySecretRefs is not { } several)
        {
            return;
        }

        if (spec.ApiKeySecretRef is not null)
        {
            errors.Add("spec.apiKeySecretRefs", null, "either apiKeySecretRef or apiKeySecretRefs, and not both");
        }

        if (several.Count is 0 or > MostKeys)
        {
            errors.Add("spec.apiKeySecretRefs", $"{several.Count} entries", $"1 to {MostKeys} entries");
        }

        var seen = new HashSet<SecretKeyReference>();
        for (var i = 0; i < several.Count; i++)
        {
            Require(errors, $"spec.apiKeySecretRefs[{i}]", several[i]);
            if (!seen.Add(several[i]))
            {
                errors.Add($"spec.apiKeySecretRefs[{i}]", $"{several[i].Name}, {several[i].Key}", "a key that is listed once");
            }
        }
    }

    private static void ValidateHeaders(ModelProviderSpec spec, FieldErrors errors, bool hasCredential)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (hasCredential && spec.CredentialHeader is { } ofAuth)
        {
            seen.Add(ofAuth);
        }

        foreach (var (name, value) in spec.Headers ?? new Dictionary<string, string>())
        {
            var path = $"spec.headers.{name}";
            if (RequestHeaders.IsCredential(name))
            {
                // What stands there is a credential, so it is not repeated.
                errors.Add(path, null, "no credential", "Put it into a Secret and name it in apiKeySecretRef or secretHeaders.");
            }
            else if (RequireNew(errors, path, name, seen) && RequestHeaders.CheckValue(value) is { } expected)
            {
                errors.Add(path, value, expected);
            }
        }

        foreach (var (name, reference) in spec.SecretHeaders ?? new Dictionary<string, SecretKeyReference>())
        {
            if (RequireNew(errors, $"spec.secretHeaders.{name}", name, seen))
            {
                Require(errors, $"spec.secretHeaders.{name}", reference);
            }
        }

        if ((spec.Headers?.Count ?? 0) + (spec.SecretHeaders?.Count ?? 0) is > RequestHeaders.Most and var count)
        {
            errors.Add(spec.SecretHeaders is { Count: > 0 } ? "spec.secretHeaders" : "spec.headers", $"{count} headers", $"at most {RequestHeaders.Most} headers in all");
        }
    }

    private static bool RequireNew(FieldErrors errors, string path, string name, HashSet<string> seen)
    {
        if (RequestHeaders.CheckName(name) is { } expected)
        {
            errors.Add(path, name, expected);
            return false;
        }

        if (!seen.Add(name))
        {
            errors.Add(path, name, "a header that is sent once, whatever its letters' case; the one of auth counts");
            return false;
        }

        return true;
    }

    private static void ValidateAliases(ModelProviderSpec spec, FieldErrors errors)
    {
        if (spec.Aliases?.Count > MostAliases)
        {
            errors.Add("spec.aliases", $"{spec.Aliases.Count} aliases", $"at most {MostAliases}");
        }

        for (var i = 0; i < spec.Aliases?.Count; i++)
        {
            if (!Alias.IsMatch(spec.Aliases[i]))
            {
                errors.Add($"spec.aliases[{i}]", spec.Aliases[i], "1 to 63 letters, digits, '.', '_' and '-', starting with a letter or digit");
            }
            else if (spec.Aliases.Take(i).Contains(spec.Aliases[i]))
            {
                errors.Add($"spec.aliases[{i}]", spec.Aliases[i], "an alias that is listed once");
            }
        }
    }

    private static void Require(FieldErrors errors, string path, SecretKeyReference reference)
    {
        errors.RequireName($"{path}.name", reference.Name);
        if (string.IsNullOrWhiteSpace(reference.Key))
        {
            errors.Add($"{path}.key", reference.Key, "the key of the secret that holds the credential");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex Alias { get; }

    [GeneratedRegex(@"^([0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?|preview|latest|v1)\z")]
    private static partial Regex ApiVersion { get; }
}
