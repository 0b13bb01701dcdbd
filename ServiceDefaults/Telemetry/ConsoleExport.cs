using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Orrery.ServiceDefaults.Prometheus;

namespace Orrery.ServiceDefaults;

/// <summary>Traces, metrics and logs to Orrery's Console: OTLP over HTTP with protobuf, whatever <c>OTEL_EXPORTER_OTLP_*</c> say of the collector.</summary>
internal sealed class ConsoleExport(ConsoleSettings settings, TelemetryDestination destination)
{
    private const string KeyHeader = "x-otlp-api-key";

    /// <summary>So that a person sees now what happened now.</summary>
    private const int DelayMs = 1_000;

    /// <summary>Spans or records that wait; what comes when it is full is dropped. A batch of 512 leaves without waiting.</summary>
    private const int QueueSize = 8_192;

    /// <summary>A Console that is away holds up no service that stops.</summary>
    private const int TimeoutMs = 2_000;
    private const int MaxAnswerBytes = 4 << 20;

    public TelemetryDestination Destination => destination;

    public BaseProcessor<Activity> Traces() =>
        new BatchActivityExportProcessor(new OtlpTraceExporter(Options("v1/traces")), QueueSize, DelayMs, TimeoutMs);

    public BaseProcessor<LogRecord> Logs() =>
        new BatchLogRecordExportProcessor(new OtlpLogExporter(Options("v1/logs")), QueueSize, DelayMs, TimeoutMs);

    /// <summary>A reader for the Console; and for <paramref name="scrapes"/>, where somebody may come for metrics too.</summary>
    public MetricReader Metrics(ResourceBuilder resource, Scrapes? scrapes)
    {
        BaseExporter<Metric> exporter = new OtlpMetricExporter(Options("v1/metrics"));
        if (scrapes is not null)
        {
            exporter = new SharedExporter(exporter, resource, scrapes, settings.MetricInterval, TimeProvider.System);
        }

        var reader = new PeriodicExportingMetricReader(exporter, (int)settings.MetricInterval.TotalMilliseconds, TimeoutMs)
        {
            TemporalityPreference = MetricReaderTemporalityPreference.Cumulative,
        };
        scrapes?.CollectWith(reader.Collect);
        return reader;
    }

    // New options hold what the environment says of the collector, its headers among it: nothing of that is the Console's.
    private OtlpExporterOptions Options(string path) => new()
    {
        Endpoint = new Uri($"{settings.Url.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}"),
        Protocol = OtlpExportProtocol.HttpProtobuf,
        Headers = "",
        Compression = OtlpExportCompression.None,
        TimeoutMilliseconds = TimeoutMs,
        HttpClientFactory = () => WatchedCalls.Client(Client(), destination),
    };

    private HttpClient Client()
    {
        // Redirects would carry the key to whom it is not meant for.
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = TimeSpan.FromMilliseconds(TimeoutMs),
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        if (settings.Key is { } key)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation(KeyHeader, key);
        }

        return client;
    }
}
