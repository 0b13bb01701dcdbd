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
}
