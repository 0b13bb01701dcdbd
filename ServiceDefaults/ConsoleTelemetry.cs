using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Orrery.ServiceDefaults;

/// <summary>Orrery's Console as a destination of telemetry: <c>Telemetry:ConsoleUrl</c> and <c>Telemetry:ConsoleKey</c>. The graph sets both.</summary>
internal sealed record ConsoleTelemetry(Uri Url, string Key)
{
    /// <summary>Spans and log entries wait this long for company: a person looks at them.</summary>
    public const int DelayMs = 1_000;

    public const int MetricIntervalMs = 5_000;

    /// <summary>Tries again within it, and then gives a batch up: a Console that is away holds up no service that stops.</summary>
    private const int TimeoutMs = 1_000;

    /// <summary><c>null</c> where no Console is configured.</summary>
    /// <exception cref="InvalidOperationException">The settings are no use; the message names key, value and expectation.</exception>
    public static ConsoleTelemetry? Of(IConfiguration configuration)
    {
        var (url, key) = (configuration["Telemetry:ConsoleUrl"], configuration["Telemetry:ConsoleKey"]);
        if (string.IsNullOrWhiteSpace(url))
        {
            return null;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new InvalidOperationException($"Telemetry:ConsoleUrl is '{url}'; expected the http or https URL of the Console's collector, such as http://console-service:4318.");
        }

        return string.IsNullOrEmpty(key)
            ? throw new InvalidOperationException("Telemetry:ConsoleKey is not set though Telemetry:ConsoleUrl is; expected the Console's key (Console:Otlp:Key, parameter telemetry-key).")
            : new(address, key);
    }

    public void Configure(OtlpExporterOptions exporter, string signal)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(Url, $"/v1/{signal}");
        exporter.TimeoutMilliseconds = TimeoutMs;
        exporter.Headers = $"x-otlp-api-key={Key}";
    }
}
