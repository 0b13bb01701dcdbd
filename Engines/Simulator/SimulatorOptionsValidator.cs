using Microsoft.Extensions.Options;
using Orrery.Simulator.Replicas;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator;

/// <summary>Reports every fault of the section at once, each by its configuration key.</summary>
internal sealed class SimulatorOptionsValidator : IValidateOptions<SimulatorOptions>
{
    public ValidateOptionsResult Validate(string? name, SimulatorOptions options)
    {
        var faults = ValidateModels(options.ServedModels, options, SimulatorOptions.Section).ToList();
        faults.AddRange(options.Profile.Validate($"{SimulatorOptions.Section}:Profile"));
        faults.AddRange(options.Profiles.SelectMany(profile => profile.Value.Validate($"{SimulatorOptions.Section}:Profiles:{profile.Key}")));
        faults.AddRange(options.Faults.SelectMany((rule, index) => rule.Validate($"{SimulatorOptions.Section}:Faults:{index}")));
        if (options.ApiKey is "")
        {
            faults.Add($"{SimulatorOptions.Section}:ApiKey is empty; remove it to serve without a key.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    public static IEnumerable<string> ValidateModels(IReadOnlyList<SimulatedModelOptions> models, SimulatorOptions options, string key)
    {
        foreach (var (index, model) in models.Index())
        {
            var known = Profile.Presets.Keys.Concat(options.Profiles.Keys).ToList();
            var faults = model.Validate($"{key}:Models:{index}", known).ToList();
            if (faults.Count == 0 && (long)options.ProfileOf(model).KvBlocks * KvCache.TokensPerBlock < model.ContextWindow)
            {
                faults.Add($"{key}:Models:{index}:ContextWindow is {model.ContextWindow}; its profile's KvBlocks hold "
                    + $"{(long)options.ProfileOf(model).KvBlocks * KvCache.TokensPerBlock} tokens. Raise KvBlocks or lower ContextWindow.");
            }

            foreach (var fault in faults)
            {
                yield return fault;
            }
        }

        foreach (var twice in models.SelectMany(model => model.Adapters.Select(adapter => adapter.Id).Prepend(model.Id)).GroupBy(id => id).Where(group => group.Count() > 1))
        {
            yield return $"{key}:Models has the Id '{twice.Key}' {twice.Count()} times; expected different ids.";
        }
    }
}
