using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Orrery.ServiceDefaults.Prometheus;

/// <summary>Collects when somebody scrapes. Who comes while a collection is under way shares it.</summary>
internal sealed partial class Scrapes(ILogger<Scrapes> logger)
{
    private const int CollectTimeoutMs = 10_000;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);
    private readonly bool[] _isWanted = new bool[Formats.Count];
    private TaskCompletionSource<byte[]?[]>? _underWay;
    private Exporter? _exporter;

    /// <summary>The reader to give to the provider; once.</summary>
    public MetricReader Reader()
    {
        _exporter = new Exporter(this);
        return new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
    }

    /// <exception cref="InvalidOperationException">Nothing could be collected.</exception>
    public async Task<byte[]> ScrapeAsync(Format format)
    {
        while (true)
        {
            TaskCompletionSource<byte[]?[]>? own = null;
            Task<byte[]?[]> collection;
            lock (_lock)
            {
                // Every format that somebody has asked for is written: a scraper keeps to one, and most services have one scraper.
                _isWanted[(int)format] = true;
                collection = (_underWay ??= own = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            if (own is not null)
            {
                Collect(own);
            }

            // Null when the collection had begun before anybody wanted this format.
            if ((await collection)[(int)format] is { } document)
            {
                return document;
            }
        }
    }

    private void Collect(TaskCompletionSource<byte[]?[]> collection)
    {
        try
        {
            var documents = _exporter?.Collected(CollectTimeoutMs) ?? throw new InvalidOperationException("Metrics are not collected yet.");
            lock (_lock)
            {
                _underWay = null;
            }

            collection.SetResult(documents);
        }
        catch (Exception error)
        {
            lock (_lock)
            {
                _underWay = null;
            }

            Log.Failed(logger, error);
            collection.SetException(new InvalidOperationException("Metrics could not be collected; the service's log says why.", error));
        }
    }

    private bool[] WantedFormats()
    {
        lock (_lock)
        {
            return [.. _isWanted];
        }
    }

    private void LeftOut(string what)
    {
        // Bounded: labels of a broken instrument are without end.
        if (_said.Count < 100 && _said.Add(what))
        {
            Log.LeftOut(logger, what);
        }
    }

    [ExportModes(ExportModes.Pull)]
    private sealed class Exporter : BaseExporter<Metric>, IPullMetricExporter
    {
        private readonly Scrapes _scrapes;
        private readonly Families _families;
        private readonly Document[] _writers;
        private byte[]?[]? _documents;
        private Exception? _error;

        public Exporter(Scrapes scrapes)
        {
            _scrapes = scrapes;
            _families = new Families(scrapes.LeftOut);
            var labels = new Labels();
            _writers = [.. Enum.GetValues<Format>().Select(format => new Document(format, labels, scrapes.LeftOut))];
        }

        public Func<int, bool>? Collect { get; set; }

        public byte[]?[] Collected(int timeoutMs)
        {
            (_documents, _error) = (null, null);
            Collect?.Invoke(timeoutMs);
            return _error is null
                ? _documents ?? Rendered([], ParentProvider?.GetResource() ?? Resource.Empty)
                : throw _error;
        }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            try
            {
                _documents = Rendered(_families.Of(batch), ParentProvider.GetResource());
                return ExportResult.Success;
            }
            catch (Exception error)
            {
                _error = error; // The reader would swallow it.
                return ExportResult.Failure;
            }
        }

        private byte[]?[] Rendered(IReadOnlyCollection<Family> families, Resource resource)
        {
            var wanted = _scrapes.WantedFormats();
            var documents = new byte[]?[Formats.Count];
            for (var i = 0; i < documents.Length; i++)
            {
                if (!wanted[i])
                {
                    continue;
                }

                _writers[i].Begin(resource);
                foreach (var family in families)
                {
                    _writers[i].Write(family);
                }

                documents[i] = _writers[i].End();
            }

            return documents;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(111, LogLevel.Warning, "{What} This is said once", EventName = "MetricLeftOut")]
        public static partial void LeftOut(ILogger logger, string what);

        [LoggerMessage(112, LogLevel.Warning, "Metrics could not be collected", EventName = "ScrapeFailed")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
