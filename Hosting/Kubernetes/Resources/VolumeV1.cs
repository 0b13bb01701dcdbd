namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>A volume of a pod.</summary>
public sealed class VolumeV1
{
    /// <summary>Unique in the pod.</summary>
    public string Name { get; set; } = null!;

    /// <summary>Empty at the start, gone with the pod.</summary>
    public EmptyDirVolumeSourceV1? EmptyDir { get; set; }

    /// <summary>Storage that outlives the pod.</summary>
    public PersistentVolumeClaimVolumeSourceV1? PersistentVolumeClaim { get; set; }
}

/// <summary>A volume that is empty at the start and gone with the pod.</summary>
public sealed class EmptyDirVolumeSourceV1
{
    /// <summary><c>Memory</c>; null: the node's disk.</summary>
    public string? Medium { get; set; }

    /// <summary>The pod is ended when the volume grows beyond it.</summary>
    public string? SizeLimit { get; set; }
}

/// <summary>Storage that outlives the pod.</summary>
public sealed class PersistentVolumeClaimVolumeSourceV1
{
    /// <summary>The claim's name.</summary>
    public string ClaimName { get; set; } = null!;
}

/// <summary>What a container sees of a volume.</summary>
public sealed class VolumeMountV1
{
    /// <summary>The volume.</summary>
    public string Name { get; set; } = null!;

    /// <summary>Where it is seen.</summary>
    public string MountPath { get; set; } = null!;

    /// <summary>Whether it cannot be written.</summary>
    public bool? ReadOnly { get; set; }
}
