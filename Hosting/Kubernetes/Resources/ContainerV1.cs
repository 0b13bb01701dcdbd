namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>A container of a pod.</summary>
public sealed class ContainerV1
{
    /// <summary>Unique in the pod.</summary>
    public string Name { get; set; } = null!;

    /// <summary>The image.</summary>
    public string Image { get; set; } = null!;

    /// <summary><c>IfNotPresent</c>, <c>Always</c> or <c>Never</c>.</summary>
    public string ImagePullPolicy { get; set; } = null!;

    /// <summary>Instead of the image's entry point.</summary>
    public List<string> Command { get; } = [];

    /// <summary>Instead of the image's arguments.</summary>
    public List<string> Args { get; } = [];

    /// <summary>Variables from whole ConfigMaps and Secrets.</summary>
    public List<EnvFromSourceV1> EnvFrom { get; } = [];

    /// <summary>Variables one by one; a later one may name an earlier one as <c>$(NAME)</c>.</summary>
    public List<EnvVarV1> Env { get; } = [];

    /// <summary>Where it listens.</summary>
    public List<ContainerPortV1> Ports { get; } = [];

    /// <summary>What it asks for, and what it may use at most.</summary>
    public ResourceRequirementsV1? Resources { get; set; }

    /// <summary>Holds the other probes back until it passes once.</summary>
    public ProbeV1? StartupProbe { get; set; }

    /// <summary>Decides whether the container is restarted.</summary>
    public ProbeV1? LivenessProbe { get; set; }

    /// <summary>Decides whether the container gets traffic.</summary>
    public ProbeV1? ReadinessProbe { get; set; }

    /// <summary>What it may do.</summary>
    public SecurityContextV1? SecurityContext { get; set; }

    /// <summary>What it sees of the pod's volumes.</summary>
    public List<VolumeMountV1> VolumeMounts { get; } = [];
}

/// <summary>What a container asks for, and what it may use at most: <c>cpu</c>, <c>memory</c>, <c>nvidia.com/gpu</c>…</summary>
public sealed class ResourceRequirementsV1
{
    /// <summary>What a node must have free.</summary>
    public Dictionary<string, string> Requests { get; } = [];

    /// <summary>What it may use at most.</summary>
    public Dictionary<string, string> Limits { get; } = [];
}

/// <summary>A port on which a container listens.</summary>
public sealed class ContainerPortV1
{
    /// <summary>At most 15 characters.</summary>
    public string Name { get; set; } = null!;

    /// <summary>The port.</summary>
    public Int32OrStringV1? ContainerPort { get; set; }

    /// <summary><c>TCP</c> or <c>UDP</c>.</summary>
    public string Protocol { get; set; } = null!;
}

/// <summary>A number, or text that is one once the chart has been rendered.</summary>
/// <param name="Number">The number.</param>
/// <param name="Text">The text.</param>
public sealed record Int32OrStringV1(int? Number = null, string? Text = null)
{
    /// <summary>A number.</summary>
    public Int32OrStringV1(int value)
        : this(value, null)
    {
    }

    /// <summary>Text.</summary>
    public Int32OrStringV1(string? value)
        : this(null, value)
    {
    }

    /// <summary>Either, as text.</summary>
    public string? Value => Number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? Text;
}
