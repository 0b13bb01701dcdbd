using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Orrery.ServiceDefaults.Prometheus;

/// <summary>Collects when somebody scrapes. Who comes while a collection is under way shares it.</summary>
internal sealed partial class Scrapes(ILogger<Scrapes> logger)
{
    private const int CollectTimeoutMs = 10_000;
    private const int MostCollections = 3;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);
    private readonly bool[] _isWanted = new bool[Formats.Count];
    private TaskCompletionSource<byte[]?[]>? _underWay;
    private Func<int, bool>? _collect;
    private Renderer? _renderer;
    private volatile bool _isAsked;

    /// <summary>A reader for scrapes alone, to give to the provider; once.</summary>
    public MetricReader Reader()
    {
        var exporter = new Exporter(this);
        CollectWith(timeoutMs => exporter.Collect!(timeoutMs));
        return new BaseExportingMetricReader(exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
    }

    /// <summary>Scrapes are served from a reader that somebody else has too: <paramref name="collect"/> makes it collect, and then it gives <see cref="Take"/> what it has.</summary>
    public void CollectWith(Func<int, bool> collect) => _collect = collect;

    /// <summary>Writes down what was collected, if a scrape waits for it.</summary>
    public void Take(in Batch<Metric> batch, Resource resource)
    {
        if (_isAsked)
        {
            (_renderer ??= new(this)).Render(batch, resource);
        }
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
            var documents = Collected();
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

    private byte[]?[] Collected()
    {
        var collect = _collect ?? throw new InvalidOperationException("Metrics are not collected yet.");
        var renderer = _renderer ??= new(this);
        for (var attempt = 0; attempt < MostCollections; attempt++)
        {
            renderer.Forget();
            _isAsked = true;
            collect(CollectTimeoutMs);
            _isAsked = false;
            if (renderer.Documents is { } documents)
            {
                return documents; // Absent when this joined a collection that had begun before it.
            }
        }

        return renderer.Nothing();
    }

    [ExportModes(ExportModes.Pull)]
    private sealed class Exporter(Scrapes scrapes) : BaseExporter<Metric>, IPullMetricExporter
    {
        public Func<int, bool>? Collect { get; set; }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            scrapes.Take(batch, ParentProvider.GetResource());
            return ExportResult.Success;
        }
    }

    private sealed class Renderer
    {
        private readonly Scrapes _scrapes;
        private readonly Families _families;
        private readonly Document[] _writers;
        private byte[]?[]? _documents;
        private Exception? _error;

        public Renderer(Scrapes scrapes)
        {
            _scrapes = scrapes;
            _families = new Families(scrapes.LeftOut);
            var labels = new Labels();
            _writers = [.. Enum.GetValues<Format>().Select(format => new Document(format, labels, scrapes.LeftOut))];
        }

        /// <summary>What the last collection gave; <c>null</c> where it gave nothing. Throws what went wrong with it, which the reader would swallow.</summary>
        public byte[]?[]? Documents => _error is null ? _documents : throw _error;

        public void Forget() => (_documents, _error) = (null, null);

        public byte[]?[] Nothing() => Rendered([], Resource.Empty);

        public void Render(in Batch<Metric> batch, Resource resource)
        {
            try
            {
                _documents = Rendered(_families.Of(batch), resource);
            }
            catch (Exception error)
            {
                _error = error;
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
