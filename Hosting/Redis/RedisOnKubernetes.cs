using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting;

/// <summary>What the image of Redis needs in a cluster: its user, and a question that only a server with the right password answers.</summary>
internal static class RedisOnKubernetes
{
    private const long ImageUser = 999;

    public static void Configure(KubernetesResource objects)
    {
        var pod = objects.Workload!.PodTemplate.Spec;
        KubernetesStores.RunAs(pod, ImageUser);
        KubernetesStores.Probe(pod.Containers[0], "REDISCLI_AUTH=\"$REDIS_PASSWORD\" redis-cli ping | grep -q PONG");
    }
}
