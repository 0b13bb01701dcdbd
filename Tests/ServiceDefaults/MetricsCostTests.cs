using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Orrery.ServiceDefaults.Prometheus;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>What readers cost who records, and what a scrape costs. The limits are far above what is measured; the output says what was.</summary>
public sealed class MetricsCostTests(ITestOutputHelper output)
{
    private static readonly KeyValuePair<string, object?>[] Tags = [new("operation", "chat"), new("model", "m"), new("provider", "p")];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Category", "Long")]
    public void Recording_with_readers(int readers)
    {
        const int Count = 1_000_000;
        using var meter = new Meter($"Cost.{Guid.CreateVersion7()}");
        using var provider = Provider(meter, readers, out _);
        var histogram = meter.CreateHistogram<double>("duration", "s");
        Record(Count / 10);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var nanoseconds = Record(Count);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        output.WriteLine($"{readers} readers: {nanoseconds:F0} ns and {(double)allocated / Count:F1} bytes a recording with three tags");
        Assert.InRange(nanoseconds, 0, 20_000);
        Assert.InRange(allocated, 0, Count);

        double Record(int count)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < count; i++)
            {
                histogram.Record(i % 10, Tags[0], Tags[1], Tags[2]);
            }

            return watch.Elapsed.TotalNanoseconds / count;
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [Trait("Category", "Long")]
    public async Task A_scrape_of_histograms(int series)
    {
        const int Count = 50;
        using var meter = new Meter($"Cost.{Guid.CreateVersion7()}");
        using var provider = Provider(meter, 1, out var scrapes);
        var histogram = meter.CreateHistogram<double>("duration", "s");
        for (var i = 0; i < series; i++)
        {
            histogram.Record(i % 10, new("operation", "chat"), new("model", $"m{i}"));
        }

        var length = (await scrapes.ScrapeAsync(Format.Text)).Length;
        for (var i = 0; i < Count; i++)
        {
            await scrapes.ScrapeAsync(Format.Text);
        }

        var allocated = GC.GetTotalAllocatedBytes();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Count; i++)
        {
            await scrapes.ScrapeAsync(Format.Text);
        }

        var milliseconds = watch.Elapsed.TotalMilliseconds / Count;
        output.WriteLine($"{series} histograms, {length / 1024} KiB: {milliseconds:F2} ms and {(GC.GetTotalAllocatedBytes() - allocated) / Count / 1024} KiB allocated a scrape");
        Assert.InRange(milliseconds, 0, 1_000);
    }

    /// <summary>The first reader is the one that is scraped; the others are as exporters have them.</summary>
    private static MeterProvider Provider(Meter meter, int readers, out Scrapes scrapes)
    {
        var first = new Scrapes(NullLogger<Scrapes>.Instance);
        var builder = Sdk.CreateMeterProviderBuilder().AddMeter(readers == 0 ? "nothing" : meter.Name);
        for (var i = 0; i < readers; i++)
        {
            var index = i;
            builder.AddReader(_ => index == 0 ? first.Reader() : new Scrapes(NullLogger<Scrapes>.Instance).Reader());
        }

        scrapes = first;
        return builder.Build();
    }
}
