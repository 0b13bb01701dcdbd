using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orrery.Builder.Acceptance;
using Orrery.Builder.Declared;
using Orrery.Builder.Reconciling;
using Orrery.Builder.Targets.Container;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Simulated;
using Orrery.Contracts;

namespace Orrery.Builder.Targets;

/// <summary>Which targets this Builder has, and who of several Builders acts on them.</summary>
internal static class TargetExtensions
{
    private const string LeaseName = "orrery-builder";

    /// <summary>
    /// A cluster where its credentials are at hand; containers everywhere else; a simulator where its address is given.
    /// </summary>
    public static void AddTargets(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ContainerOptions>().BindConfiguration(ContainerOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ContainerOptions>, ContainerOptionsValidator>();
        builder.Services.AddOptions<SimulatedOptions>().BindConfiguration(SimulatedOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<SimulatedOptions>, SimulatedOptionsValidator>();
        builder.Services.AddOptions<KubernetesTargetOptions>().BindConfiguration(KubernetesTargetOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<KubernetesTargetOptions>, KubernetesFaults>();

        var isInCluster = IsInCluster();
        if (isInCluster || HasKubeConfig(builder.Configuration))
        {
            builder.Services.AddSingleton<RegistryImages>();
            builder.Services.AddSingleton(services => KubernetesConnection.Find(Options<KubernetesTargetOptions>(services).KubeConfig, Options<KubernetesTargetOptions>(services).Context, Time(services)));
            builder.Services.AddSingleton(services => new KubernetesClient(services.GetRequiredService<KubernetesConnection>(), Time(services), services.GetRequiredService<ILogger<KubernetesClient>>()));
            builder.Services.AddSingleton<ITarget>(services => new KubernetesTarget(
                services.GetRequiredService<KubernetesClient>(), Options<KubernetesTargetOptions>(services),
                services.GetRequiredService<RegistryImages>().ResolveAsync, Time(services), services.GetRequiredService<ILogger<KubernetesTarget>>()));
        }

        if (!isInCluster)
        {
            builder.Services.AddSingleton<ITarget>(services => new ContainerTarget(
                Options<ContainerOptions>(services), Installation(builder.Configuration), Time(services), services.GetRequiredService<ILogger<ContainerTarget>>()));
        }

        if (builder.Configuration[$"{SimulatedOptions.Section}:Endpoint"] is { Length: > 0 })
        {
            builder.Services.AddSingleton<ITarget>(services => new SimulatedTarget(
                Options<SimulatedOptions>(services), Installation(builder.Configuration), () => services.GetRequiredService<DeclaredResources>().GpuClasses, Time(services)));
        }

        builder.Services.AddSingleton(services => new TargetSet(services.GetServices<ITarget>(), Options<BuilderOptions>(services).Target ?? (isInCluster ? DeploymentTargets.Kubernetes : DeploymentTargets.Container)));
        builder.Services.AddSingleton(services => Leadership(services, builder.Configuration, isInCluster));
    }

    /// <summary>In a cluster by a Lease, as its own controllers do; elsewhere by a lock of the database that all share.</summary>
    private static ILeadership Leadership(IServiceProvider services, IConfiguration configuration, bool isInCluster)
    {
        if (isInCluster)
        {
            return new LeaseLeadership(
                services.GetRequiredService<KubernetesClient>(), services.GetRequiredService<KubernetesConnection>().Namespace ?? "default", LeaseName, Environment.MachineName, Time(services), services.GetRequiredService<ILogger<LeaseLeadership>>());
        }

        return new PostgresLeadership(configuration.GetConnectionString("orrery")!, "builder", Time(services), services.GetRequiredService<ILogger<PostgresLeadership>>())
        {
            Settling = Options<BuilderOptions>(services).Settling,
        };
    }

    /// <summary>The same after every restart, and another for each installation: all its services share one internal key, and no other has it.</summary>
    public static string Installation(IConfiguration configuration) =>
        configuration["Builder:Installation"] ?? Fingerprint.Of(SHA256.HashData(Encoding.UTF8.GetBytes("orrery/installation/" + configuration["Internal:Key"])));

    public static bool IsInCluster() => InClusterConfiguration.IsPresent(Environment.GetEnvironmentVariable);

    private static bool HasKubeConfig(IConfiguration configuration) =>
        configuration[$"{KubernetesTargetOptions.Section}:KubeConfig"] is { Length: > 0 } || Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 };

    private static T Options<T>(IServiceProvider services)
        where T : class => services.GetRequiredService<IOptions<T>>().Value;

    private static TimeProvider Time(IServiceProvider services) => services.GetRequiredService<TimeProvider>();

    private sealed class KubernetesFaults : IValidateOptions<KubernetesTargetOptions>
    {
        public ValidateOptionsResult Validate(string? name, KubernetesTargetOptions options) =>
            options.Faults().ToList() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }
}
