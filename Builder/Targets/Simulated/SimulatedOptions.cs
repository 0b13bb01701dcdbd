using Microsoft.Extensions.Options;

namespace Orrery.Builder.Targets.Simulated;

/// <summary>Section <c>Builder:Simulated</c>: the simulator whose replicas stand for a fleet.</summary>
internal sealed class SimulatedOptions
{
    public const string Section = "Builder:Simulated";

    /// <summary>Where the simulator is, without a path; its admin API answers on the loopback address only.</summary>
    public Uri Endpoint { get; set; } = new("http://localhost:8000");

    /// <summary>The simulator's profile of what is not an embedding model: <c>8b</c>, <c>70b</c>, <c>instant</c>, or one of its own.</summary>
    public string Profile { get; set; } = "8b";

    /// <summary>How long a replica is starting before it answers; the simulator's own where absent.</summary>
    public TimeSpan? StartupDelay { get; set; }
}

internal sealed class SimulatedOptionsValidator : IValidateOptions<SimulatedOptions>
{
    public ValidateOptionsResult Validate(string? name, SimulatedOptions options)
    {
        var faults = new List<string>();
        if (!options.Endpoint.IsAbsoluteUri || options.Endpoint.Scheme is not ("http" or "https") || options.Endpoint.AbsolutePath != "/")
        {
            faults.Add($"{SimulatedOptions.Section}:Endpoint is '{options.Endpoint}'; expected a URL without a path, such as http://localhost:8000.");
        }

        if (options.StartupDelay is { } delay && (delay < TimeSpan.Zero || delay > TimeSpan.FromDays(1)))
        {
            faults.Add($"{SimulatedOptions.Section}:StartupDelay is {delay}; expected 00:00:00 to 1.00:00:00.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
