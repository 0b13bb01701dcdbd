using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting;

/// <summary>Publishes the graph to Kubernetes.</summary>
public static class KubernetesEnvironmentExtensions
{
    /// <summary>Adds a cluster: the step <c>publish</c> writes a Helm chart for it.</summary>
    public static IResourceBuilder<KubernetesEnvironmentResource> AddKubernetesEnvironment(this IDistributedApplicationBuilder builder, string name)
    {
        var environment = new KubernetesEnvironmentResource(name);
        return builder.ExecutionContext.IsRunMode ? builder.CreateResourceBuilder(environment) : builder.AddResource(environment);
    }

    /// <summary>Says what the chart is called.</summary>
    public static IResourceBuilder<KubernetesEnvironmentResource> WithHelm(
        this IResourceBuilder<KubernetesEnvironmentResource> builder,
        Action<HelmChartOptions>? configure = null)
    {
        configure?.Invoke(builder.Resource.Chart);
        return builder;
    }

    /// <summary>Puts Aspire's dashboard into the chart, or leaves it out.</summary>
    public static IResourceBuilder<KubernetesEnvironmentResource> WithDashboard(
        this IResourceBuilder<KubernetesEnvironmentResource> builder,
        bool enabled = true)
    {
        builder.Resource.DashboardEnabled = enabled;
        return builder;
    }

    /// <summary>Sets what holds for every resource of the chart.</summary>
    public static IResourceBuilder<KubernetesEnvironmentResource> WithProperties(
        this IResourceBuilder<KubernetesEnvironmentResource> builder,
        Action<KubernetesEnvironmentResource> configure)
    {
        configure(builder.Resource);
        return builder;
    }
}

/// <summary>Changes how a resource is published to Kubernetes.</summary>
public static class KubernetesServiceExtensions
{
    /// <summary>Changes the objects of a resource before they are written; nothing in run mode.</summary>
    public static IResourceBuilder<T> PublishAsKubernetesService<T>(this IResourceBuilder<T> builder, Action<KubernetesResource> configure)
        where T : IComputeResource => builder.ApplicationBuilder.ExecutionContext.IsPublishMode
        ? builder.WithAnnotation(new KubernetesCustomization(configure))
        : builder;
}
