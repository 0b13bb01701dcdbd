using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orrery.ServiceDefaults.Prometheus;

namespace Orrery.ServiceDefaults;

/// <summary>
/// OpenTelemetry over OTLP to the operator's collector (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>) and to Orrery's Console (<c>Telemetry:ConsoleUrl</c>),
/// and metrics for who comes for them (<c>Metrics:Port</c>): each where it is configured, nothing at all otherwise.
/// The hosting glue is ours because the feed lacks OpenTelemetry.Extensions.Hosting (docs/decisions/002).
/// </summary>
internal static class Telemetry
{
    /// <summary>Sources and meters of ours are called <c>Orrery.Gateway</c>, <c>Orrery.Catalogue</c>, …</summary>
    private const string OurSources = "Orrery.*";

    /// <summary>Measured with every call to an engine, and told better by our own: what is in flight at whom, and how long it took.</summary>
    private static readonly string[] LeftOut =
        ["http.client.active_requests", "http.client.open_connections", "http.client.request.duration", "http.client.request.time_in_queue"];

    /// <summary>Whether traces, metrics and logs leave this service; <c>/metrics</c> alone is not meant.</summary>
    public static bool IsOn(IConfiguration configuration) => TelemetrySettings.AreOn(configuration);

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        var settings = TelemetrySettings.From(builder.Configuration);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(services => SamplingOf(builder, services.GetRequiredService<Dice>()));
        builder.Services.AddSingleton<ServerSpans>();
        builder.Services.AddSingleton<ServerDurations>();
        if (!settings.IsOn && settings.MetricsPort is null)
        {
            return;
        }

        var plan = new Plan(builder, settings);
        if (settings.IsOn)
        {
            builder.Logging.AddOpenTelemetry(plan.Configure);
            builder.Services.AddSingleton(services => plan.BuildTracing(services.GetRequiredService<Sampling>()));
        }

        if (settings.MetricsPort is not null)
        {
            builder.AddMetricsPort();
        }

        builder.Services.AddSingleton(plan.BuildMetrics);
        builder.Services.AddHostedService(services => new Lifetime(
            services.GetService<TracerProvider>(), services.GetRequiredService<MeterProvider>(), plan.Destinations, services.GetRequiredService<ILogger<TelemetryDestination>>()));
    }

    /// <summary>One provider for each signal, one processor or reader for each destination.</summary>
    private sealed class Plan
    {
        private readonly IHostApplicationBuilder _builder;
        private readonly ResourceBuilder _resource = ResourceBuilder.CreateDefault();
        private readonly TelemetryDestination? _collector;
        private readonly ConsoleExport? _console;

        public Plan(IHostApplicationBuilder builder, TelemetrySettings settings)
        {
            _builder = builder;
            if (builder.Configuration["OTEL_SERVICE_NAME"] is null)
            {
                _resource.AddService(builder.Environment.ApplicationName);
            }

            if (settings.Collector is { } collector)
            {
                _collector = new TelemetryDestination("The collector", collector, TimeProvider.System);
            }

            if (settings.Console is { } console)
            {
                _console = new ConsoleExport(console, new TelemetryDestination("The Console", console.Url, TimeProvider.System));
            }
        }

        public IEnumerable<TelemetryDestination> Destinations => new[] { _collector, _console?.Destination }.OfType<TelemetryDestination>();

        public void Configure(OpenTelemetryLoggerOptions logging)
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
            logging.SetResourceBuilder(_resource);
            if (_collector is not null)
            {
                logging.AddOtlpExporter(Watch);
            }

            if (_console is not null)
            {
                logging.AddProcessor(_ => _console.Logs());
            }
        }

        public TracerProvider BuildTracing(Sampling sampling)
        {
            // The providers read OTEL_* from this service's configuration, whichever way it was given.
            var tracing = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton<IConfiguration>(_builder.Configuration))
                .SetResourceBuilder(_resource)
                .AddSource(OurSources, "System.Net.Http", "Npgsql");
            if (_collector is not null)
            {
                tracing.AddOtlpExporter(Watch);
            }

            if (_console is not null)
            {
                tracing.AddProcessor(_ => _console.Traces());
            }

            if (sampling.ForSdk() is { } sampler)
            {
                tracing.SetSampler(sampler);
            }

            return tracing.Build();
        }

        public MeterProvider BuildMetrics(IServiceProvider services)
        {
            var metrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureServices(inner => inner.AddSingleton<IConfiguration>(_builder.Configuration))
                .SetResourceBuilder(_resource)
                .AddMeter(OurSources, "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql");
            if (_collector is not null)
            {
                metrics.AddOtlpExporter(Watch);
            }

            var scrapes = services.GetService<Scrapes>();
            if (_console is not null)
            {
                metrics.AddReader(_ => _console.Metrics(_resource, scrapes));
            }
            else if (scrapes is not null)
            {
                metrics.AddReader(_ => scrapes.Reader());
            }

            foreach (var instrument in LeftOut)
            {
                metrics.AddView(instrument, MetricStreamConfiguration.Drop);
            }

            return metrics.Build();
        }

        private void Watch(OtlpExporterOptions options)
        {
            var client = options.HttpClientFactory;
            options.HttpClientFactory = () => WatchedCalls.Client(client(), _collector!);
        }
    }

    /// <summary>Everything in development; in production the caller's decision, else <c>Telemetry:SampleRatio</c> (0 to 1, default 0.1) of new traces.</summary>
    private static Sampling SamplingOf(IHostApplicationBuilder builder, Dice dice)
    {
        var ratio = builder.Configuration.GetValue("Telemetry:SampleRatio", 0.1);
        if (ratio is not (>= 0 and <= 1))
        {
            throw new InvalidOperationException($"Telemetry:SampleRatio is {ratio}; expected a number from 0 to 1.");
        }

        return builder.Configuration["OTEL_TRACES_SAMPLER"] is not null ? new Sampling(ratio: null, followsCaller: true, dice)
            : builder.Environment.IsDevelopment() ? new Sampling(1, followsCaller: false, dice)
            : new Sampling(ratio, followsCaller: true, dice);
    }

    /// <summary>Starts the providers with the host and flushes them when it stops.</summary>
    private sealed class Lifetime : IHostedService
    {
        private const int FlushTimeoutMs = 5_000;
        private readonly TracerProvider? _tracing;
        private readonly MeterProvider _metrics;
        private readonly IEnumerable<TelemetryDestination> _destinations;

        public Lifetime(TracerProvider? tracing, MeterProvider metrics, IEnumerable<TelemetryDestination> destinations, ILogger logger)
        {
            (_tracing, _metrics, _destinations) = (tracing, metrics, destinations);
            foreach (var destination in destinations)
            {
                destination.SayTo(logger);
            }
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            foreach (var destination in _destinations)
            {
                destination.SayNothingMore();
            }

            _tracing?.ForceFlush(FlushTimeoutMs);
            _metrics.ForceFlush(FlushTimeoutMs);
            return Task.CompletedTask;
        }
    }
}
