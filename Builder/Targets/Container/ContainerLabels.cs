using System.Globalization;
using System.Text.Json;

namespace Orrery.Builder.Targets.Container;

/// <summary>What a container says of itself: all that a Builder needs that starts anew and finds it running.</summary>
/// <param name="Installation">Whose it is; a Builder touches no other's.</param>
/// <param name="Template">The <see cref="TemplateHash"/> of what it runs.</param>
/// <param name="Port">Where its server listens: in the container, or on the machine where it has the machine's network.</param>
/// <param name="OnHost">Whether it has the machine's network.</param>
/// <param name="Gpus">The devices that are its own: <c>nvidia.com/gpu=0</c>.</param>
/// <param name="Cores">The most that it may use.</param>
/// <param name="Memory">The most that it may use, in bytes.</param>
/// <param name="Restarts">How often its server has been started again in its place.</param>
/// <param name="Crashes">How often in a row its predecessors ended soon.</param>
/// <param name="Served">Whether one of its predecessors has answered.</param>
/// <param name="PromisedCores">What was declared for it, and is nobody else's.</param>
/// <param name="PromisedMemory">The same, in bytes.</param>
internal sealed record ContainerLabels(
    string Installation,
    DeploymentKey Key,
    int Revision,
    int Ordinal,
    string Template,
    int Port,
    bool OnHost,
    ContainerProbe Probe,
    IReadOnlyList<string> Gpus,
    double Cores,
    long Memory,
    TimeSpan Drain,
    int Restarts,
    int Crashes,
    bool Served,
    double PromisedCores = 0,
    long PromisedMemory = 0)
{
    public const string Prefix = "orrery.dev/";
    public const string InstallationLabel = Prefix + "installation";
    public const string UidLabel = Prefix + "uid";
    public const string RevisionLabel = Prefix + "revision";

    public IReadOnlyDictionary<string, string> ToLabels() => new Dictionary<string, string>
    {
        [InstallationLabel] = Installation,
        [Prefix + "namespace"] = Key.Namespace,
        [Prefix + "deployment"] = Key.Name,
        [UidLabel] = Key.Uid,
        [RevisionLabel] = Revision.ToString(CultureInfo.InvariantCulture),
        [Prefix + "ordinal"] = Ordinal.ToString(CultureInfo.InvariantCulture),
        [Prefix + "template"] = Template,
        [Prefix + "port"] = Port.ToString(CultureInfo.InvariantCulture),
        [Prefix + "network"] = OnHost ? ContainerOptions.Host : ContainerOptions.Publish,
        [Prefix + "probe"] = JsonSerializer.Serialize(Probe),
        [Prefix + "gpus"] = string.Join(',', Gpus),
        [Prefix + "cores"] = Cores.ToString(CultureInfo.InvariantCulture),
        [Prefix + "memory"] = Memory.ToString(CultureInfo.InvariantCulture),
        [Prefix + "drain"] = Drain.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        [Prefix + "restarts"] = Restarts.ToString(CultureInfo.InvariantCulture),
        [Prefix + "crashes"] = Crashes.ToString(CultureInfo.InvariantCulture),
        [Prefix + "served"] = Served ? "true" : "false",
        [Prefix + "promised-cores"] = PromisedCores.ToString(CultureInfo.InvariantCulture),
        [Prefix + "promised-memory"] = PromisedMemory.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns><c>null</c> where they are not a replica's.</returns>
    public static ContainerLabels? Parse(IReadOnlyDictionary<string, string> labels)
    {
        try
        {
            string Text(string name) => labels[Prefix + name];
            int Number(string name) => int.Parse(Text(name), CultureInfo.InvariantCulture);
            return new ContainerLabels(
                labels[InstallationLabel],
                new DeploymentKey(Text("namespace"), Text("deployment"), labels[UidLabel]),
                Number("revision"),
                Number("ordinal"),
                Text("template"),
                Number("port"),
                Text("network") == ContainerOptions.Host,
                JsonSerializer.Deserialize<ContainerProbe>(Text("probe")) ?? throw new FormatException(),
                Text("gpus").Split(',', StringSplitOptions.RemoveEmptyEntries),
                double.Parse(Text("cores"), CultureInfo.InvariantCulture),
                long.Parse(Text("memory"), CultureInfo.InvariantCulture),
                TimeSpan.FromSeconds(double.Parse(Text("drain"), CultureInfo.InvariantCulture)),
                Number("restarts"),
                Number("crashes"),
                Text("served") == "true",

                // Those of earlier releases do not say.
                double.Parse(labels.GetValueOrDefault(Prefix + "promised-cores", "0"), CultureInfo.InvariantCulture),
                long.Parse(labels.GetValueOrDefault(Prefix + "promised-memory", "0"), CultureInfo.InvariantCulture));
        }
        catch (Exception error) when (error is KeyNotFoundException or FormatException or OverflowException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>How a replica is asked whether it answers.</summary>
internal sealed record ContainerProbe(string Path, TimeSpan StartWithin, TimeSpan Interval, TimeSpan Timeout, int Failures)
{
    public static ContainerProbe Of(RevisionTemplate template) =>
        new(template.HealthPath, template.Probes.StartWithin, template.Probes.Interval, template.Probes.Timeout, template.Probes.Failures);
}
