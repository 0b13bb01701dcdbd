using Microsoft.Extensions.Options;
using Orrery.Builder.Builds.Cluster;
using Orrery.Builder.Builds.Local;
using Orrery.Builder.Declared;
using Orrery.Builder.SupplyChain;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>What builds images here.</summary>
internal static class BuildExtensions
{
    private static readonly string[] Tools = ["podman", "buildah", "docker"];

    public static void AddBuilds(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<BuildOptions>().BindConfiguration(BuildOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<BuildOptions>, BuildOptionsValidator>();
        builder.Services.AddSingleton<BuildStore>();
        builder.Services.AddSingleton<ImageCredentials>();
        builder.Services.AddSingleton<PushedImages>();
        builder.Services.AddSingleton<DeploymentImages>();
        builder.Services.AddSingleton<BuildLoop>();
        builder.Services.AddOptions<ClusterBuildOptions>().BindConfiguration(ClusterBuildOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ClusterBuildOptions>, ClusterFaults>();
        if (builder.Configuration[$"{BuildOptions.Section}:In"] is { } place ? place == BuildPlaces.Cluster : TargetExtensions.IsInCluster())
        {
            // Without a registry its nodes would have no way to what was built.
            if (builder.Configuration[$"{BuildOptions.Section}:Registry"] is { Length: > 0 })
            {
                builder.Services.AddSingleton<IImageBuilder>(Cluster);
            }
        }
        else
        {
            builder.Services.AddSingleton<IImageBuilder>(services => Local(services, TargetExtensions.Installation(builder.Configuration)));
        }

        builder.Services.AddSingleton<BuildRun.Factory>(services => build => new BuildRun(
            build, services.GetRequiredService<BuildStore>(), services.GetRequiredService<IImageBuilder>(), services.GetRequiredService<ImageEvidence>(), services.GetRequiredService<ImageCredentials>(),
            services.GetRequiredService<IOptions<BuildOptions>>().Value, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<BuildRun>>()));
    }

    private static ClusterImageBuilder Cluster(IServiceProvider services) => new(
        services.GetRequiredService<KubernetesClient>(), services.GetRequiredService<CatalogueClient>(), services.GetRequiredService<IOptions<BuildOptions>>().Value,
        services.GetRequiredService<IOptions<ClusterBuildOptions>>().Value, services.GetRequiredService<IOptions<KubernetesTargetOptions>>().Value, services.GetRequiredService<IOptions<RegistryOptions>>().Value,
        services.GetRequiredService<TimeProvider>());

    private static LocalImageBuilder Local(IServiceProvider services, string installation)
    {
        var (options, time) = (services.GetRequiredService<IOptions<BuildOptions>>().Value, services.GetRequiredService<TimeProvider>());
        var containers = services.GetRequiredService<IOptions<ContainerOptions>>().Value;
        var tool = new ContainerTool(options.Tool ?? containers.Tool, Tools, BuildOptions.Section, time, services.GetRequiredService<ILogger<ContainerTool>>());
        return new LocalImageBuilder(tool, options, services.GetRequiredService<IOptions<RegistryOptions>>().Value, options.Folder ?? DefaultFolder(installation), new BuildProcesses(time));
    }

    /// <summary>Below the user's cache, which is nobody else's, and on a disk.</summary>
    private static string DefaultFolder(string installation) => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache) ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "orrery", "builds", installation);

    private sealed class ClusterFaults : IValidateOptions<ClusterBuildOptions>
    {
        public ValidateOptionsResult Validate(string? name, ClusterBuildOptions options) =>
            options.Faults().ToList() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }
}
