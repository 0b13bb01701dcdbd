using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Prometheus;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service shares at run time, in two calls: one on the builder, one on the application.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Telemetry, health, discovery, internal authentication and a shutdown that drains.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(_ => new Dice((ulong)new Random().NextInt64()));
        Shutdown.Add(builder);
        builder.Services.TryAddSingleton(GenAiNames.From(builder.Configuration));
        builder.AddTelemetry();
        builder.AddHealth();
        builder.AddInternalAuthentication();
        return builder;
    }

    /// <summary><c>/health/live</c>, <c>/health/ready</c> and its alias <c>/health</c>; and what <see cref="UseServerTelemetry"/> adds.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseServerTelemetry();
        app.MapHealth();
        return app;
    }

    /// <summary>
    /// Only what a server tells of its requests, and <c>/metrics</c> on <c>Metrics:Port</c>, for a server whose health addresses are fixed by the API it speaks.
    /// </summary>
    public static WebApplication UseServerTelemetry(this WebApplication app)
    {
        app.UseMetricsPort();
        app.UseMiddleware<ServerTelemetryMiddleware>();
        return app;
    }
}
