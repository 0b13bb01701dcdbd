using Orrery.Contracts;

namespace Orrery.Builder.Builds.Cluster;

/// <summary>How an image is built in a pod, and what that asks of the cluster.</summary>
internal static class ClusterMethods
{
    /// <summary>BuildKit without root. The price: seccomp and AppArmor are off for that pod, which makes user namespaces.</summary>
    public const string BuildKit = "buildkit";

    /// <summary>buildah as root of its container with a runtime's ordinary capabilities: no privilege, and slow, since it copies every layer.</summary>
    public const string Buildah = "buildah";

    /// <summary>Docker in Docker. The price: a privileged pod, which is root on its node for whoever writes the Dockerfile.</summary>
    public const string Docker = "docker";

    public static readonly IReadOnlyList<string> All = [BuildKit, Buildah, Docker];
}

/// <summary>Section <c>Builder:Builds:Cluster</c>: how images are built in a cluster.</summary>
internal sealed class ClusterBuildOptions
{
    public const string Section = $"{BuildOptions.Section}:Cluster";

    /// <summary>One of <see cref="ClusterMethods.All"/>; <c>buildkit</c> where absent.</summary>
    public string Method { get; set; } = ClusterMethods.BuildKit;

    /// <summary>The namespace that builds run in, apart from models: what a build may, no model may. Made where it is missing and namespaces are made.</summary>
    public string Namespace { get; set; } = "orrery-builds";

    /// <summary>The tool's image; absent: the one that this release was written for.</summary>
    public string? Image { get; set; }

    /// <summary>What a build is given of a node. Defaults: 1 core, 2Gi, 50Gi.</summary>
    public string Cpu { get; set; } = "1";

    public string Memory { get; set; } = "2Gi";

    public string Disk { get; set; } = "50Gi";

    /// <summary>Nodes that may build; empty: all.</summary>
    public IDictionary<string, string> NodeSelector { get; set; } = new Dictionary<string, string>();

    public string EffectiveImage => Image ?? Method switch
    {
        ClusterMethods.Buildah => "quay.io/buildah/stable:v1.40.1",
        ClusterMethods.Docker => "docker.io/library/docker:28-dind",
        _ => "docker.io/moby/buildkit:v0.23.2-rootless",
    };

    public IEnumerable<string> Faults()
    {
        if (!ClusterMethods.All.Contains(Method))
        {
            yield return $"{Section}:Method is '{Method}'; expected one of {string.Join(", ", ClusterMethods.All)}.";
        }

        if (!FieldRules.IsName(Namespace))
        {
            yield return $"{Section}:Namespace is '{Namespace}'; expected {FieldRules.NameExpectation}.";
        }

        foreach (var (name, value) in new[] { ("Memory", Memory), ("Disk", Disk) })
        {
            if (!ByteSize.TryParse(value, out _))
            {
                yield return $"{Section}:{name} is '{value}'; expected a size such as 2Gi.";
            }
        }
    }
}
