namespace Orrery.AppHost;

/// <summary>Where telemetry goes: to the Console, which shows it, and to whoever scrapes metrics.</summary>
internal static class TelemetryExtensions
{
    private const string Collector = "otlp";
    private const string Metrics = "metrics";

    // The ports that OpenTelemetry and its Prometheus exporters have by default; in run mode any free ones.
    private const int CollectorPort = 4318;
    private const int MetricsPort = 9464;

    /// <summary>Takes telemetry (OTLP over HTTP) at a port of its own, from those who have <paramref name="key"/>.</summary>
    public static IResourceBuilder<ProjectResource> WithCollector(this IResourceBuilder<ProjectResource> console, IResourceBuilder<ParameterResource> key) => console
        .WithEndpointOfItsOwn(Collector, CollectorPort)
        .WithEnvironment("Console__Otlp__Port", console.GetEndpoint(Collector).Property(EndpointProperty.TargetPort))
        .WithEnvironment("Console__Otlp__Key", key);

    /// <summary>Sends traces, metrics and logs to the Console. It is not waited for: telemetry holds nothing up.</summary>
    public static IResourceBuilder<ProjectResource> WithTelemetryTo(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<ProjectResource> console, IResourceBuilder<ParameterResource> key) => project
        .WithEnvironment("Telemetry__ConsoleUrl", console.GetEndpoint(Collector))
        .WithEnvironment("Telemetry__ConsoleKey", key);

    /// <summary>Offers metrics in Prometheus' format at a port of its own, which no client of the service needs to reach.</summary>
    public static IResourceBuilder<ProjectResource> WithMetrics(this IResourceBuilder<ProjectResource> project) => project
        .WithEndpointOfItsOwn(Metrics, MetricsPort)
        .WithEnvironment("Metrics__Port", project.GetEndpoint(Metrics).Property(EndpointProperty.TargetPort))
        .WithMetrics("/metrics", MetricsPort);

    /// <summary>Keeps telemetry in <paramref name="database"/> for as long as the operator says; nothing unless told. Nobody waits for the database.</summary>
    public static IResourceBuilder<ProjectResource> WithTelemetryHistory(this IResourceBuilder<ProjectResource> console, IResourceBuilder<IResourceWithConnectionString> database) => console
        .WithReference(database)
        .WithEnvironment("Console__History__Keep", console.ApplicationBuilder.TelemetryHistory());

    /// <summary><c>off</c>, or a length of time.</summary>
    public static string TelemetryHistory(this IDistributedApplicationBuilder builder) => builder.ParameterText(Settings.TelemetryHistory) switch
    {
        null or "" or "off" => "off",
        [.. var number, 'h' or 'd'] text when number.Length is > 0 and < 6 && number.All(char.IsAsciiDigit) => text,
        var text => throw new DistributedApplicationException(
            $"Parameters__telemetry_history is '{text}'; expected 'off', or for how long telemetry is kept in PostgreSQL, such as 12h or 7d (1h to 400d)."),
    };

    /// <summary>Reads what the model servers say of themselves, so that their queues and caches can be seen.</summary>
    public static IResourceBuilder<ProjectResource> WithEngineMetrics(this IResourceBuilder<ProjectResource> console, ModelServers models)
    {
        foreach (var server in models.Servers)
        {
            var name = server.Resource.Resource.Name;
            console.WithEnvironment($"Console__Scraping__Targets__{name}", $"{server.Resource.GetEndpoint("http")}/metrics");
        }

        return console;
    }

    private static IResourceBuilder<ProjectResource> WithEndpointOfItsOwn(this IResourceBuilder<ProjectResource> project, string name, int port) =>
        project.ApplicationBuilder.ExecutionContext.IsPublishMode ? project.WithHttpEndpoint(port, port, name) : project.WithHttpEndpoint(name: name);
}
