using Microsoft.Extensions.Options;
using Orrery.Builder.Builds;
using Orrery.Builder.SupplyChain.Parts;
using Orrery.Builder.SupplyChain.Scanning;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.Builder.Targets;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain;

/// <summary>What says of images where they come from.</summary>
internal static class SupplyChainExtensions
{
    public static void AddSupplyChain(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<SigningOptions>().BindConfiguration(SigningOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SigningOptions>, SigningOptionsValidator>();
        services.AddOptions<ScannerOptions>().BindConfiguration(ScannerOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ScannerOptions>, ScannerOptionsValidator>();
        services.AddSingleton<ILayerFactsStore, LayerFactsStore>();
        services.AddSingleton(provider => new ImageScanner(
            provider.GetRequiredService<IOptions<ScannerOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ImageScanner>>()));
        services.AddSingleton(provider => new ImageEvidence(
            provider.GetRequiredService<RegistryClient>(), provider.GetRequiredService<ILayerFactsStore>(), provider.GetRequiredService<ImageScanner>(),
            provider.GetRequiredService<IOptions<SigningOptions>>().Value.Read(), TargetExtensions.Installation(builder.Configuration), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>A scanner that would never be asked would be taken for protection.</summary>
    private sealed class ScannerOptionsValidator(IOptions<BuildOptions> builds) : IValidateOptions<ScannerOptions>
    {
        public ValidateOptionsResult Validate(string? name, ScannerOptions options)
        {
            List<string> faults = [];
            if (options.Command.Count > 0 && builds.Value.Registry is null)
            {
                faults.Add($"{ScannerOptions.Section}:Command is set, and images are scanned once they are in a registry; expected {BuildOptions.Section}:Registry beside it.");
            }

            if (options.Command.Count > 0 && options.Command[0].Length == 0)
            {
                faults.Add($"{ScannerOptions.Section}:Command:0 is empty; expected the scanner's program.");
            }

            if (options.Timeout <= TimeSpan.Zero || options.Timeout > TimeSpan.FromHours(6))
            {
                faults.Add($"{ScannerOptions.Section}:Timeout is {options.Timeout}; expected a time up to 6 h.");
            }

            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
