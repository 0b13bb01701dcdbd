using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator;

/// <summary>Section <c>Simulator</c>.</summary>
public sealed class SimulatorOptions
{
    public const string Section = "Simulator";

    /// <summary>What is served at the root. None: <c>simulated-chat</c> and <c>simulated-embedding</c>.</summary>
    public List<SimulatedModelOptions> Models { get; set; } = [];

    /// <summary>Changes to every model's profile.</summary>
    public ProfileOptions Profile { get; set; } = new();

    /// <summary>Presets of one's own, by name, each a change to the built-in <c>8b</c>.</summary>
    public Dictionary<string, ProfileOptions> Profiles { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>When set, <c>/v1</c> wants it as a bearer token.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Whether the header X-Orrery-Fault is obeyed. Default: in the Development environment only.</summary>
    public bool? AllowFaults { get; set; }

    /// <summary>Faults that befall requests without a header; in force whatever <see cref="AllowFaults"/> says.</summary>
    public List<FaultRule> Faults { get; set; } = [];

    internal IReadOnlyList<SimulatedModelOptions> ServedModels => Models.Count > 0 ? Models :
    [
        new SimulatedModelOptions { Id = "simulated-chat" },
        new SimulatedModelOptions { Id = "simulated-embedding", Type = "embedding", ContextWindow = 8_192, Profile = "embedding" },
    ];

    /// <summary>The profile of <paramref name="model"/>: its preset, changed by <see cref="Profile"/> and then by what it says itself.</summary>
    internal Profile ProfileOf(SimulatedModelOptions model)
    {
        var preset = Profiles.TryGetValue(model.Profile, out var own) ? own.ApplyTo(Timing.Profile.Default) : Timing.Profile.Presets[model.Profile];
        var profile = Profile.ApplyTo(preset);
        return model.Changes?.ApplyTo(profile) ?? profile;
    }
}
