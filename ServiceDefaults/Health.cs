using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orrery.ServiceDefaults;

/// <summary>Liveness says "do not restart me", readiness "send me traffic".</summary>
internal static class Health
{
    public static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck<NotDraining>("draining");

        // The answer says what is wrong to whoever asks; a service that is still starting is no error in its log each second.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = Write });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = Write });
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = Write });
    }

    /// <summary><c>{"status":"ok"}</c>, or <c>{"status":"unready","checks":{"database":"…"}}</c> with what is wrong in words.</summary>
    private static async Task Write(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", report.Status switch
        {
            HealthStatus.Healthy => "ok",
            HealthStatus.Degraded => "degraded",
            _ => "unready",
        });
        if (report.Status != HealthStatus.Healthy)
        {
            json.WriteStartObject("checks");
            foreach (var (name, check) in report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy))
            {
                json.WriteString(name, check.Description ?? check.Exception?.Message ?? check.Status.ToString());
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    /// <summary>Unready from the moment the service is asked to stop, so that no new traffic arrives while streams end.</summary>
    private sealed class NotDraining(IHostApplicationLifetime lifetime) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
            Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
                ? HealthCheckResult.Unhealthy("the service is stopping and finishes what it has begun")
                : HealthCheckResult.Healthy());
    }
}
