using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Orrery.ServiceDefaults;

/// <summary>
/// <c>/metrics</c> for Prometheus at a port of its own (<c>Metrics:Port</c>), which serves nothing else: what is measured tells who uses which model how much, and
/// that is not for whoever reaches the service. Unset: there is none. The port must be among those that the service listens on; the graph sees to it.
/// </summary>
internal static class MetricsEndpoint
{
    private const string Key = "Metrics:Port";

    /// <exception cref="InvalidOperationException">It is no port.</exception>
    public static int? Port(IConfiguration configuration) => configuration[Key] switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535 => port,
        var other => throw new InvalidOperationException($"{Key} is '{other}'; expected a port from 1 to 65535."),
    };

    public static void UseMetricsEndpoint(this WebApplication app)
    {
        if (Port(app.Configuration) is not { } port)
        {
            return;
        }

        var scrape = app.Services.GetRequiredService<PrometheusScrape>();
        app.MapWhen(http => http.Connection.LocalPort == port, own => own.Run(http => AnswerAsync(http, scrape)));
    }

    private static async Task AnswerAsync(HttpContext http, PrometheusScrape scrape)
    {
        Activity.Current?.LeaveOut();
        if (http.Request.Path != "/metrics" || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await http.Response.WriteAsync("This port serves GET /metrics and nothing else.", http.RequestAborted);
            return;
        }

        var isOpenMetrics = http.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.Ordinal);
        http.Response.ContentType = isOpenMetrics
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8";
        await http.Response.WriteAsync(scrape.Collect(isOpenMetrics), http.RequestAborted);
    }
}
