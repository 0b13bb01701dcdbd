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
/// OpenTelemetry over OTLP, when an endpoint is configured (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>); nothing at all otherwise.
/// The hosting glue is ours because the feed lacks OpenTelemetry.Extensions.Hosting (docs/decisions/002).
/// </summary>
internal static class Telemetry
{
    /// <summary>Sources and meters of ours are called <c>Orrery.Gateway</c>, <c>Orrery.Catalogue</c>, …</summary>
    private const string OurSources = "Orrery.*";

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        // .NET 10 leaves semantic tags off server spans unless told otherwise; read once, when the web host is built.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        if (!IsConfigured(builder.Configuration))
        {
            return;
        }

        var resource = ResourceBuilder.CreateDefault();
        if (builder.Configuration["OTEL_SERVICE_NAME"] is null)
        {
            resource.AddService(builder.Environment.ApplicationName);
        }

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
            logging.SetResourceBuilder(resource);
            logging.AddOtlpExporter();
        });
        builder.Services.AddSingleton(_ => BuildTracing(builder, resource));
        builder.Services.AddSingleton(_ => BuildMetrics(builder, resource));
        builder.Services.AddHostedService<TelemetryLifetime>();
    }

    private static bool IsConfigured(IConfiguration configuration) =>
        !string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    private static TracerProvider BuildTracing(IHostApplicationBuilder builder, ResourceBuilder resource)
    {
        // The providers read OTEL_* from this service's configuration, whichever way it was given.
        var tracing = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(builder.Configuration))
            .SetResourceBuilder(resource)
            .AddSource(OurSources, "Microsoft.AspNetCore", "System.Net.Http", "Npgsql")
            .AddOtlpExporter();
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

    private static MeterProvider BuildMetrics(IHostApplicationBuilder builder, ResourceBuilder resource) =>
        Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(builder.Configuration))
            .SetResourceBuilder(resource)
            .AddMeter(OurSources, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql")
            .AddOtlpExporter()
            .Build();

    /// <summary>Starts the providers with the host and flushes them when it stops.</summary>
    private sealed class TelemetryLifetime(TracerProvider tracing, MeterProvider metrics) : IHostedService
    {
        private const int FlushTimeoutMs = 5_000;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            tracing.ForceFlush(FlushTimeoutMs);
            metrics.ForceFlush(FlushTimeoutMs);
            return Task.CompletedTask;
        }
    }
}
