using System.Reflection;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;

namespace Orrery.AppHost;

/// <summary>How the graph is published to Kubernetes, by public members of Aspire alone; nothing of it holds in run mode.</summary>
internal static class KubernetesExtensions
{
    /// <summary>Whether a Helm chart is written now: the step <c>publish</c>, not the manifest.</summary>
    public static bool PublishesChart(this IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsPublishMode
        && builder.Configuration["Publishing:Publisher"] is null or "default"
        && builder.Configuration["Pipeline:Step"] is null or "publish";

    /// <summary>Adds the cluster where a chart is written. The manifest knows none: it would turn its entries into forms that its readers skip.</summary>
    public static void AddCluster(this IDistributedApplicationBuilder builder)
    {
        if (!builder.PublishesChart())
        {
            return;
        }

        builder.AddKubernetesEnvironment("kubernetes")
            .WithDashboard(false)
            .WithHelm(chart => chart
                .WithChartName("orrery")
                .WithChartVersion(Assembly.GetExecutingAssembly().GetName().Version!.ToString(3))
                .WithChartDescription("Open-weight models behind one governed, OpenAI-compatible API"))
            .WithProperties(cluster =>
            {
                cluster.DefaultStorageType = "pvc";
                cluster.DefaultStorageSize = "20Gi";
            });
    }

    /// <summary>Sets what each pod asks for, and how much memory it may use at most.</summary>
    public static IResourceBuilder<T> WithResources<T>(this IResourceBuilder<T> resource, string cpu, string memory, string? memoryLimit = null)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
    {
        var resources = objects.Container().Resources ??= new();
        resources.Requests["cpu"] = cpu;
        resources.Requests["memory"] = memory;
        resources.Limits["memory"] = memoryLimit ?? memory;
    });

    /// <summary>
    /// Loses no request in a rollout: a pod that is to end serves on until proxies have heard of it, then lets what runs come to its end,
    /// streams above all.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithDrain(this IResourceBuilder<ProjectResource> project, int seconds)
    {
        const int DelaySeconds = 5;
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            project.WithEnvironment("Shutdown__DelaySeconds", FormattableString.Invariant($"{DelaySeconds}"));
            project.WithEnvironment("DOTNET_SHUTDOWNTIMEOUTSECONDS", FormattableString.Invariant($"{seconds}"));
        }

        // And some time for what is done at the very end, usage above all.
        return project.PublishAsKubernetesService(objects => objects.Workload!.PodTemplate.Spec.TerminationGracePeriodSeconds = DelaySeconds + seconds + 15);
    }

    /// <summary>Lets the cluster choose how many pods run, by their processor's load.</summary>
    public static IResourceBuilder<T> WithAutoscaling<T>(this IResourceBuilder<T> resource, int least, int most, int processorPercent)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
    {
        if (objects.Workload is Deployment deployment)
        {
            deployment.Spec.Replicas = null;
            objects.AdditionalResources.Add(new HorizontalPodAutoscaler(resource.Resource.Name, deployment.Metadata.Name, least, most, processorPercent));
        }
    });

    /// <summary>Gives each pod a folder that is empty at its start.</summary>
    public static IResourceBuilder<T> WithScratch<T>(this IResourceBuilder<T> resource, string name, string path, bool inMemory = false, string? sizeLimit = null)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
    {
        objects.Workload?.PodTemplate.Spec.Volumes.Add(new() { Name = name, EmptyDir = new() { Medium = inMemory ? "Memory" : null, SizeLimit = sizeLimit } });
        objects.Container().VolumeMounts.Add(new() { Name = name, MountPath = path });
    });

    /// <summary>Says where the pods offer metrics in Prometheus' format.</summary>
    public static IResourceBuilder<T> WithMetrics<T>(this IResourceBuilder<T> resource, string path, int port)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
    {
        if (objects.Workload?.PodTemplate.Metadata.Annotations is { } annotations)
        {
            annotations["prometheus.io/scrape"] = "true";
            annotations["prometheus.io/path"] = path;
            annotations["prometheus.io/port"] = FormattableString.Invariant($"{port}");
        }
    });

    /// <summary>Leaves it out of an installation unless it is switched on.</summary>
    public static IResourceBuilder<T> WithoutPods<T>(this IResourceBuilder<T> resource)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
    {
        if (objects.Workload is Deployment deployment)
        {
            deployment.Spec.Replicas = 0;
        }
    });

    /// <summary>Runs as a user of no rights, whom the image need not know.</summary>
    public static IResourceBuilder<T> WithUser<T>(this IResourceBuilder<T> resource, long user)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
    {
        if (objects.Workload?.PodTemplate.Spec is { } pod)
        {
            pod.SecurityContext ??= new();
            pod.SecurityContext.RunAsUser = user;
            pod.SecurityContext.RunAsGroup = user;
            pod.SecurityContext.FsGroup = user;
            pod.SecurityContext.FsGroupChangePolicy = "OnRootMismatch";
        }
    });

    /// <summary>Lets it talk to anything but the metadata service of a cloud: providers are declared while it runs, wherever they are.</summary>
    public static IResourceBuilder<T> WithOpenEgress<T>(this IResourceBuilder<T> resource)
        where T : IComputeResource => resource.PublishAsKubernetesService(objects =>
        objects.AdditionalResources.Add(new NetworkPolicy(resource.Resource.Name, objects.Workload!.PodTemplate.Metadata.Labels)));

    /// <summary>The resource's own container.</summary>
    public static ContainerV1 Container(this KubernetesResource objects) => objects.Workload!.PodTemplate.Spec.Containers[0];
}

/// <summary>Scales a Deployment by the load of its pods' processors.</summary>
internal sealed class HorizontalPodAutoscaler : BaseKubernetesResource
{
    public HorizontalPodAutoscaler(string name, string deployment, int least, int most, int processorPercent)
        : base("autoscaling/v2", "HorizontalPodAutoscaler")
    {
        Metadata.Name = $"{name}-horizontalpodautoscaler";
        Spec = new()
        {
            ["scaleTargetRef"] = new Dictionary<string, string> { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = deployment },
            ["minReplicas"] = least,
            ["maxReplicas"] = most,
            ["metrics"] = new List<object>
            {
                new Dictionary<string, object>
                {
                    ["type"] = "Resource",
                    ["resource"] = new Dictionary<string, object>
                    {
                        ["name"] = "cpu",
                        ["target"] = new Dictionary<string, object> { ["type"] = "Utilization", ["averageUtilization"] = processorPercent },
                    },
                },
            },
        };
    }

    public Dictionary<string, object> Spec { get; }
}

/// <summary>Opens the way out.</summary>
internal sealed class NetworkPolicy : BaseKubernetesResource
{
    public NetworkPolicy(string name, Dictionary<string, string> podLabels)
        : base("networking.k8s.io/v1", "NetworkPolicy")
    {
        Metadata.Name = $"{name}-networkpolicy";
        Spec = new()
        {
            ["podSelector"] = new Dictionary<string, object> { ["matchLabels"] = podLabels },
            ["policyTypes"] = new List<string> { "Egress" },
            ["egress"] = new List<object>
            {
                new Dictionary<string, object>
                {
                    ["to"] = new List<object>
                    {
                        Block("0.0.0.0/0", "169.254.0.0/16"),
                        Block("::/0", "fe80::/10", "fd00:ec2::254/128"),
                        new Dictionary<string, object> { ["namespaceSelector"] = new Dictionary<string, object>() }, // To some networks, pods have no addresses.
                    },
                },
            },
        };
    }

    public Dictionary<string, object> Spec { get; }

    private static Dictionary<string, object> Block(string range, params string[] except) => new()
    {
        ["ipBlock"] = new Dictionary<string, object> { ["cidr"] = range, ["except"] = except.ToList() },
    };
}
