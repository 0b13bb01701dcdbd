using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting;

/// <summary>What the image of PostgreSQL needs in a cluster: its user, a place for its socket, time to end, and a question that it answers when it takes connections.</summary>
internal static class PostgresOnKubernetes
{
    private const long ImageUser = 999;

    public static void Configure(KubernetesResource objects)
    {
        var pod = objects.Workload!.PodTemplate.Spec;
        KubernetesStores.RunAs(pod, ImageUser);
        pod.TerminationGracePeriodSeconds = 60;
        pod.Volumes.Add(new() { Name = "run", EmptyDir = new() });
        pod.Containers[0].VolumeMounts.Add(new() { Name = "run", MountPath = "/var/run/postgresql" });
        KubernetesStores.Probe(pod.Containers[0], "exec pg_isready --host 127.0.0.1 --username \"$POSTGRES_USER\"");
    }
}
