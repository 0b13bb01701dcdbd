using OpenTelemetry.Exporter;

namespace Orrery.Tests.WebConsole.Otlp;

internal static class Exporters
{
    /// <summary>Sends what the real OpenTelemetry SDK exports to a collector.</summary>
    public static void Aim(OtlpExporterOptions options, Uri collector, string key, string path)
    {
        options.Endpoint = new(collector, path);
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Headers = $"x-otlp-api-key={key}";
    }
}
