using Microsoft.Extensions.Hosting;

namespace Orrery.AppHost;

/// <summary>The settings that shape the graph, checked together before it is built.</summary>
internal static class Settings
{
    public const string GatewayPort = "gateway-port";
    public const string CataloguePort = "catalogue-port";
    public const string ConsolePort = "console-port";
    public const string TelemetryHistory = "telemetry-history";
    public const string ModelServers = "model-servers";
    public const string GatewayReplicas = "gateway-replicas";

    /// <summary>Parameters that are settings, and no resources of the graph.</summary>
    public static readonly IReadOnlyList<string> Names = [GatewayPort, CataloguePort, ConsolePort, GatewayReplicas, ModelServers, TelemetryHistory];

    /// <summary>Everything that is wrong, each named with its value and what was expected; empty when nothing is.</summary>
    public static List<string> Faults(IDistributedApplicationBuilder builder)
    {
        var faults = new List<string>();
        Check(() => builder.PortOf(GatewayPort));
        Check(() => builder.PortOf(CataloguePort));
        Check(() => builder.PortOf(ConsolePort));
        Check(() => builder.ReplicasOf(GatewayReplicas));
        Check(() => builder.TelemetryHistory());
        Check(() => ModelServerExtensions.UsesVllm(builder));
        Check(() => ModelServerExtensions.ReadModels(builder.Configuration));
        if (builder.ExecutionContext.IsRunMode && UncalledMachine() is { } fault)
        {
            faults.Add(fault);
        }

        return faults;

        void Check<T>(Func<T> read)
        {
            try
            {
                read();
            }
            catch (DistributedApplicationException error)
            {
                faults.Add(error.Message);
            }
        }
    }

    /// <summary>Why the services would call none of the graph's model servers, which run on this machine; <c>null</c>: they would.</summary>
    /// <remarks>Looks at what the services inherit: there it counts more than their launch profiles.</remarks>
    private static string? UncalledMachine()
    {
        const string Name = "DOTNET_ENVIRONMENT", Allowed = "Gateway__Egress__AllowLoopback";
        var isAllowed = bool.TryParse(Environment.GetEnvironmentVariable(Allowed), out var allowed);
        return !isAllowed && Environment.GetEnvironmentVariable(Name) is { Length: > 0 } environment && !environment.Equals(Environments.Development, StringComparison.OrdinalIgnoreCase)
            ? $"{Name} is '{environment}', where the services call no model server on this machine, as this graph's are; expected {Environments.Development}, or nothing. To run so all the same, set {Allowed}=true."
            : isAllowed && !allowed
            ? $"{Allowed} is 'false', and this graph's model servers are on this machine; expected true, or nothing."
            : null;
    }
}
