using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Orrery.ServiceDefaults;

/// <summary>Collects what the service measures when it is asked. One at a time, since the SDK reuses what it hands out.</summary>
internal sealed class PrometheusScrape : IDisposable
{
    private const int CollectTimeoutMs = 5_000;
    private readonly Lock _lock = new();
    private readonly TextExporter _exporter = new();

    public PrometheusScrape() => Reader = new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };

    public BaseExportingMetricReader Reader { get; }

    public string Collect(bool isOpenMetrics)
    {
        lock (_lock)
        {
            _exporter.IsOpenMetrics = isOpenMetrics;
            Reader.Collect(CollectTimeoutMs);
            return _exporter.Text;
        }
    }

    public void Dispose() => Reader.Dispose();

    [ExportModes(ExportModes.Pull)]
    private sealed class TextExporter : BaseExporter<Metric>
    {
        public bool IsOpenMetrics { get; set; }

        public string Text { get; private set; } = "";

        public override ExportResult Export(in Batch<Metric> batch)
        {
            var writer = new PrometheusWriter(IsOpenMetrics);
            foreach (var metric in batch)
            {
                writer.Add(metric);
            }

            Text = writer.Write(ParentProvider?.GetResource());
            return ExportResult.Success;
        }
    }
}
