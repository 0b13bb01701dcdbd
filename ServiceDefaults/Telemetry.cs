using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Orrery.ServiceDefaults;

/// <summary>
/// OpenTelemetry to the operator's collector (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and its like), to Orrery's Console (<see cref="ConsoleTelemetry"/>), to both, or
/// to nobody; and metrics for whoever scrapes them (<see cref="MetricsEndpoint"/>).
/// The hosting glue is ours because the feed lacks OpenTelemetry.Extensions.Hosting (docs/decisions/002).
/// </summary>
internal static class Telemetry
{
    /// <summary>Sources and meters of ours are called <c>Orrery.Gateway</c>, <c>Orrery.Catalogue</c>, …</summary>
    private const string OurSources = "Orrery.*";

    /// <summary>Whether traces and logs go anywhere.</summary>
    public static bool IsOn(IConfiguration configuration) => HasCollector(configuration) || ConsoleTelemetry.Of(configuration) is not null;

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        // .NET 10 leaves semantic tags off server spans unless told otherwise; read once, when the web host is built.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        var resource = ResourceBuilder.CreateDefault();
        if (builder.Configuration["OTEL_SERVICE_NAME"] is null)
        {
            resource.AddService(builder.Environment.ApplicationName);
        }

        if (IsOn(builder.Configuration))
        {
            builder.Logging.AddOpenTelemetry(logging => ConfigureLogs(logging, builder.Configuration, resource));
            builder.Services.AddSingleton(_ => BuildTracing(builder, resource));
            builder.Services.AddHostedService<TelemetryLifetime<TracerProvider>>();
        }

        if (IsOn(builder.Configuration) || MetricsEndpoint.Port(builder.Configuration) is not null)
        {
            builder.Services.AddSingleton<PrometheusScrape>();
            builder.Services.AddSingleton(services => BuildMetrics(builder, resource, services.GetRequiredService<PrometheusScrape>()));
            builder.Services.AddHostedService<TelemetryLifetime<MeterProvider>>();
        }
    }

    private static bool HasCollector(IConfiguration configuration) => !string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    private static void ConfigureLogs(OpenTelemetryLoggerOptions logging, IConfiguration configuration, ResourceBuilder resource)
    {
        logging.IncludeFormattedMessage = true;
        logging.IncludeScopes = true;
        logging.SetResourceBuilder(resource);
        if (HasCollector(configuration))
        {
            logging.AddOtlpExporter();
        }

        if (ConsoleTelemetry.Of(configuration) is { } console)
        {
            logging.AddOtlpExporter("console", (exporter, processor) =>
            {
                console.Configure(exporter, "logs");
                processor.BatchExportProcessorOptions.ScheduledDelayMilliseconds = ConsoleTelemetry.DelayMs;
            });
        }
    }

    private static TracerProvider BuildTracing(IHostApplicationBuilder builder, ResourceBuilder resource)
    {
        // The providers read OTEL_* from this service's configuration, whichever way it was given.
        var tracing = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(builder.Configuration))
            .SetResourceBuilder(resource)
            .AddSource(OurSources, "Microsoft.AspNetCore", "System.Net.Http", "Npgsql");
        if (HasCollector(builder.Configuration))
        {
            tracing.AddOtlpExporter();
        }

        if (ConsoleTelemetry.Of(builder.Configuration) is { } console)
        {
            tracing.AddOtlpExporter("console", exporter =>
            {
                console.Configure(exporter, "traces");
                exporter.BatchExportProcessorOptions.ScheduledDelayMilliseconds = ConsoleTelemetry.DelayMs;
            });
        }

        if (builder.Configuration["OTEL_TRACES_SAMPLER"] is null)
        {
            tracing.SetSampler(DefaultSampler(builder));
        }

        return tracing.Build();
    }

    /// <summary>Everything in development; in production the caller's decision, else <c>Telemetry:SampleRatio</c> (0 to 1, default 0.1) of new traces.</summary>
    private static Sampler DefaultSampler(IHostApplicationBuilder builder)
    {
        if (builder.Environment.IsDevelopment())
        {
            return new AlwaysOnSampler();
        }

        var ratio = builder.Configuration.GetValue("Telemetry:SampleRatio", 0.1);
        if (ratio is < 0 or > 1)
        {
            throw new InvalidOperationException($"Telemetry:SampleRatio is {ratio}; expected a number from 0 to 1.");
        }

        return new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));
    }

    private static MeterProvider BuildMetrics(IHostApplicationBuilder builder, ResourceBuilder resource, PrometheusScrape scrape)
    {
        var metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(builder.Configuration))
            .SetResourceBuilder(resource)
            .AddMeter(OurSources, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql");
        if (HasCollector(builder.Configuration))
        {
            metrics.AddOtlpExporter();
        }

        if (ConsoleTelemetry.Of(builder.Configuration) is { } console)
        {
            metrics.AddOtlpExporter("console", (exporter, reader) =>
            {
                console.Configure(exporter, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = ConsoleTelemetry.MetricIntervalMs;
            });
        }

        if (MetricsEndpoint.Port(builder.Configuration) is not null)
        {
            metrics.AddReader(scrape.Reader);
        }

        return metrics.Build();
    }

    /// <summary>Starts a provider with the host and flushes it when the host stops.</summary>
    private sealed class TelemetryLifetime<TProvider>(TProvider provider) : IHostedService
        where TProvider : BaseProvider
    {
        private const int FlushTimeoutMs = 5_000;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _ = provider switch
            {
                TracerProvider tracing => tracing.ForceFlush(FlushTimeoutMs),
                MeterProvider metrics => metrics.ForceFlush(FlushTimeoutMs),
                _ => true,
            };
            return Task.CompletedTask;
        }
    }
}
