namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>A pod.</summary>
public sealed class PodSpecV1
{
    /// <summary>The identity with which the pod calls the API server.</summary>
    public string? ServiceAccountName { get; set; }

    /// <summary>Whether the pod is given a token for the API server.</summary>
    public bool? AutomountServiceAccountToken { get; set; }

    /// <summary>Whether the pod is given variables for every Service of its namespace.</summary>
    public bool? EnableServiceLinks { get; set; }

    /// <summary>Between the request to end and the kill.</summary>
    public long? TerminationGracePeriodSeconds { get; set; }

    /// <summary>The class of container runtime, such as <c>nvidia</c>.</summary>
    public string? RuntimeClassName { get; set; }

    /// <summary>Labels that a node must have.</summary>
    public Dictionary<string, string> NodeSelector { get; } = [];

    /// <summary>Taints of nodes that the pod bears.</summary>
    public List<TolerationV1> Tolerations { get; } = [];

    /// <summary>User, groups and seccomp profile of all containers.</summary>
    public PodSecurityContextV1? SecurityContext { get; set; }

    /// <summary>What runs before the containers, one after the other.</summary>
    public List<ContainerV1> InitContainers { get; } = [];

    /// <summary>What runs.</summary>
    public List<ContainerV1> Containers { get; } = [];

    /// <summary>What containers can mount.</summary>
    public List<VolumeV1> Volumes { get; } = [];
}

/// <summary>A taint that a pod bears.</summary>
public sealed class TolerationV1
{
    /// <summary>The taint's key.</summary>
    public string Key { get; set; } = null!;

    /// <summary><c>Exists</c> or <c>Equal</c>.</summary>
    public string Operator { get; set; } = null!;

    /// <summary>The taint's value, for <c>Equal</c>.</summary>
    public string Value { get; set; } = null!;

    /// <summary><c>NoSchedule</c>, <c>PreferNoSchedule</c>, <c>NoExecute</c>; null: all.</summary>
    public string Effect { get; set; } = null!;
}

/// <summary>User, groups and seccomp profile of all containers of a pod.</summary>
public sealed class PodSecurityContextV1
{
    /// <summary>Refuse to start as root.</summary>
    public bool? RunAsNonRoot { get; set; }

    /// <summary>The user's id.</summary>
    public long? RunAsUser { get; set; }

    /// <summary>The group's id.</summary>
    public long? RunAsGroup { get; set; }

    /// <summary>The group that volumes belong to.</summary>
    public long? FsGroup { get; set; }

    /// <summary><c>OnRootMismatch</c> or <c>Always</c>.</summary>
    public string FsGroupChangePolicy { get; set; } = null!;

    /// <summary>Which system calls are allowed.</summary>
    public SeccompProfileV1? SeccompProfile { get; set; }
}

/// <summary>What a single container may do.</summary>
public sealed class SecurityContextV1
{
    /// <summary>Whether a child may have more rights than its parent.</summary>
    public bool? AllowPrivilegeEscalation { get; set; }

    /// <summary>Whether the image's files cannot be written.</summary>
    public bool? ReadOnlyRootFilesystem { get; set; }

    /// <summary>Rights beyond a plain user's.</summary>
    public CapabilitiesV1? Capabilities { get; set; }
}

/// <summary>Rights beyond a plain user's.</summary>
public sealed class CapabilitiesV1
{
    /// <summary>Given.</summary>
    public List<string> Add { get; } = [];

    /// <summary>Taken.</summary>
    public List<string> Drop { get; } = [];
}

/// <summary>Which system calls are allowed.</summary>
public sealed class SeccompProfileV1
{
    /// <summary><c>RuntimeDefault</c>, <c>Localhost</c> or <c>Unconfined</c>.</summary>
    public string Type { get; set; } = null!;
}
