using Aspire.Hosting.Kubernetes.Resources;

namespace Aspire.Hosting.Kubernetes;

/// <summary>What servers with data have in common in a cluster.</summary>
internal static class KubernetesStores
{
    /// <summary>Sets the image's own user, who also owns the volume.</summary>
    public static void RunAs(PodSpecV1 pod, long user)
    {
        var context = pod.SecurityContext!;
        context.RunAsUser = context.RunAsGroup = context.FsGroup = user;

        // Only the first time: a server refuses data whose mode was changed beneath it.
        context.FsGroupChangePolicy = "OnRootMismatch";
    }

    /// <summary>Asks by a command of the image's shell.</summary>
    public static void Probe(ContainerV1 container, string command)
    {
        // Recovery after a crash, or reading much data, may take long: killing the server then would begin it anew.
        container.StartupProbe = Ask(command, failures: 360);
        container.LivenessProbe = Ask(command, failures: 6);
        container.ReadinessProbe = Ask(command, failures: 2);
    }

    private static ProbeV1 Ask(string command, int failures) => new()
    {
        Exec = new() { Command = { "/bin/sh", "-c", command } },
        PeriodSeconds = 5,
        TimeoutSeconds = 5,
        FailureThreshold = failures,
    };
}
