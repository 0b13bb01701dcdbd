using System.Globalization;

namespace Orrery.Builder.Targets.Simulated;

/// <summary>What a replica of the simulator says of itself to the Builder that made it.</summary>
/// <param name="GpuClass">Of its GPUs; absent: it has none.</param>
internal sealed record SimulatedLabels(string Installation, DeploymentKey Key, int Revision, int Ordinal, string Template, string? GpuClass, int Gpus)
{
    public IReadOnlyDictionary<string, string> ToLabels()
    {
        var labels = new Dictionary<string, string>
        {
            ["installation"] = Installation,
            ["namespace"] = Key.Namespace,
            ["deployment"] = Key.Name,
            ["uid"] = Key.Uid,
            ["revision"] = Revision.ToString(CultureInfo.InvariantCulture),
            ["ordinal"] = Ordinal.ToString(CultureInfo.InvariantCulture),
            ["template"] = Template,
        };
        if (GpuClass is not null)
        {
            labels["gpu-class"] = GpuClass;
            labels["gpus"] = Gpus.ToString(CultureInfo.InvariantCulture);
        }

        return labels;
    }

    /// <returns><c>null</c> where no Builder made it.</returns>
    public static SimulatedLabels? Parse(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue("installation", out var installation) && labels.TryGetValue("namespace", out var ns) && labels.TryGetValue("deployment", out var name)
        && labels.TryGetValue("uid", out var uid) && labels.TryGetValue("template", out var template)
        && int.TryParse(labels.GetValueOrDefault("revision"), CultureInfo.InvariantCulture, out var revision)
        && int.TryParse(labels.GetValueOrDefault("ordinal"), CultureInfo.InvariantCulture, out var ordinal)
            ? new SimulatedLabels(
                installation, new DeploymentKey(ns, name, uid), revision, ordinal, template, labels.GetValueOrDefault("gpu-class"),
                int.TryParse(labels.GetValueOrDefault("gpus"), CultureInfo.InvariantCulture, out var gpus) ? gpus : 0)
            : null;
}
