using Orrery.Builder.Targets;

namespace Orrery.Builder.Reconciling;

/// <summary>The targets that this Builder can deploy to.</summary>
internal sealed class TargetSet(IEnumerable<ITarget> targets, string usual)
{
    private readonly Dictionary<string, ITarget> _targets = targets.ToDictionary(target => target.Name, StringComparer.Ordinal);

    public IEnumerable<ITarget> All => _targets.Values;

    /// <summary>Where a deployment goes that names no target.</summary>
    public string Usual => usual;

    /// <exception cref="TargetException">This Builder is not set up for it.</exception>
    public ITarget Find(string name) => _targets.GetValueOrDefault(name) ?? throw new TargetException(
        Contracts.DeploymentReasons.TargetUnavailable,
        $"spec.target is '{name}', which this Builder is not set up for; it has {(_targets.Count == 0 ? "none" : string.Join(", ", _targets.Keys.Order(StringComparer.Ordinal)))}. See Builder:Targets in its configuration.");
}
