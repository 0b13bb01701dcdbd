using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Orrery.ServiceDefaults.Prometheus;

namespace Orrery.ServiceDefaults;

/// <summary>The Console and who scrapes share one reader, since every reader adds its own work to every measurement of every request.</summary>
internal sealed class SharedExporter : BaseExporter<Metric>
{
    private readonly BaseExporter<Metric> _console;
    private readonly MeterProvider _identity;
    private readonly Scrapes _scrapes;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private long _sent;

    /// <param name="console">Sends to the Console.</param>
    /// <param name="resource">Who sends.</param>
    /// <param name="scrapes">Writes down what a scrape waits for.</param>
    /// <param name="interval">Between two sendings to the Console.</param>
    /// <param name="time">The clock.</param>
    public SharedExporter(BaseExporter<Metric> console, ResourceBuilder resource, Scrapes scrapes, TimeSpan interval, TimeProvider time)
    {
        (_console, _scrapes, _interval, _time, _sent) = (console, scrapes, interval, time, time.GetTimestamp());

        // An exporter learns who it sends for from the provider that it belongs to. This one has no instruments and costs nothing.
        _identity = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddReader(new BaseExportingMetricReader(console)).Build();
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _scrapes.Take(batch, ParentProvider.GetResource());
        if (_time.GetElapsedTime(_sent) < _interval / 2)
        {
            return ExportResult.Success; // Collected for a scrape.
        }

        _sent = _time.GetTimestamp();
        return _console.Export(batch);
    }

    protected override bool OnForceFlush(int timeoutMilliseconds) => _console.ForceFlush(timeoutMilliseconds);

    protected override bool OnShutdown(int timeoutMilliseconds) => _console.Shutdown(timeoutMilliseconds);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _identity.Dispose();
        }

        base.Dispose(disposing);
    }
}
