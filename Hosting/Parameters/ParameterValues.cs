using Aspire.Hosting.Publishing;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Finds the value of a parameter: configured, remembered from an earlier run, or its default.</summary>
internal sealed class ParameterValues(IConfiguration configuration, SecretFile secrets, bool remember)
{
    /// <exception cref="MissingParameterValueException">There is none.</exception>
    public string Find(string name, string key, ParameterDefault? fallback)
    {
        if (Configured(key) is { } configured)
        {
            return configured;
        }

        if (fallback is null)
        {
            throw MissingParameterValueException.For(name, key);
        }

        return fallback is GenerateParameterDefault or PersistedParameterDefault && remember
            ? secrets.GetOrAdd(key, fallback.GetDefaultValue)
            : fallback.GetDefaultValue();
    }

    // The environment of many shells and tools has no hyphens: first-key may be written first_key.
    private string? Configured(string key) => configuration[key] ?? configuration[key.Replace('-', '_')];
}

/// <summary>Any default that is asked for once and then remembered.</summary>
internal sealed class PersistedParameterDefault(ParameterDefault inner) : ParameterDefault
{
    public override string GetDefaultValue() => inner.GetDefaultValue();

    public override void WriteToManifest(ManifestPublishingContext context) => inner.WriteToManifest(context);
}
