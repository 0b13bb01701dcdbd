using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Publishing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Everything that the host itself is made of.</summary>
internal static class HostServices
{
    public static void Add(DistributedApplicationBuilder application, HostApplicationBuilder host, DistributedApplicationOptions options)
    {
        var services = host.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(application.ExecutionContext);
        services.AddSingleton(application.Eventing);
        services.AddSingleton(_ => new DistributedApplicationModel(application.Resources));
        services.AddSingleton(_ => StateDirectory.Of(application));

        services.AddSingleton(provider => new ResourceLoggerService(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ResourceNotificationService(provider.GetRequiredService<ResourceLoggerService>(), options));
        services.AddSingleton(provider => new ResourceCommandService(provider));

        services.AddHttpClient();
        services.AddHttpClient(HttpHealth.ClientName, client => client.Timeout = TimeSpan.FromSeconds(5));
        services.AddHealthChecks();

        services.AddSingleton<PortAllocator>();
        services.AddSingleton<EndpointAllocator>();
        services.AddSingleton<Reaper>();
        services.AddSingleton<Leftovers>();
        services.AddSingleton<ContainerRuntime>();
        services.AddSingleton<VolumeLocks>();
        services.AddSingleton<LaunchPlanner>();
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<GraphRunner>();
        services.AddSingleton<IPublishStep, ChartStep>();
        services.AddSingleton<IPublishStep, ManifestStep>();

        if (application.ExecutionContext.IsRunMode)
        {
            services.AddHostedService<ProgressPrinter>();
            services.AddHostedService(provider => provider.GetRequiredService<GraphRunner>());
            services.AddHostedService<Impatience>();
        }

        // Stopping is bounded by each resource's own limit; the host's shall not cut it short.
        services.Configure<HostOptions>(settings => settings.ShutdownTimeout = TimeSpan.FromMinutes(2));
        QuietFrameworkLogs(host);
    }

    private static void QuietFrameworkLogs(HostApplicationBuilder host)
    {
        host.Configuration.AddInMemoryCollection(Defaults(host.Configuration, new()
        {
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft"] = "Warning",
            ["Logging:LogLevel:System"] = "Warning",
            ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
            ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "None", // what it throws is reported once, by RunAsync
        }));
        host.Logging.AddConfiguration(host.Configuration.GetSection("Logging"));
    }

    private static Dictionary<string, string?> Defaults(IConfiguration configuration, Dictionary<string, string?> defaults) =>
        defaults.Where(one => configuration[one.Key] is null).ToDictionary(StringComparer.OrdinalIgnoreCase);
}
