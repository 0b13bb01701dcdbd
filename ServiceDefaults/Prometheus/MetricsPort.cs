using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orrery.ServiceDefaults.Prometheus;

/// <summary>
/// <c>GET /metrics</c> on a port of its own (<c>Metrics:Port</c>), which serves nothing else, so that a network policy can tell scrapers from clients.
/// The graph puts the port among the service's URLs.
/// </summary>
internal static partial class MetricsPort
{
    private const string Path = "/metrics";

    public static void AddMetricsPort(this IHostApplicationBuilder builder) => builder.Services.AddSingleton<Scrapes>();

    /// <summary>Costs other ports one comparison a request; where no port is set, not even that.</summary>
    public static void UseMetricsPort(this WebApplication app)
    {
        if (app.Services.GetService<TelemetrySettings>()?.MetricsPort is not { } port)
        {
            return;
        }

        var scrapes = app.Services.GetRequiredService<Scrapes>();
        app.Use(next => context => context.Connection.LocalPort == port ? Answer(context, scrapes) : next(context));
        app.Lifetime.ApplicationStarted.Register(() => Check(app, port));
    }

    private static async Task Answer(HttpContext context, Scrapes scrapes)
    {
        LeaveNoTrace(context);
        var (status, type, body) = await Content(context.Request, scrapes);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }
    }

    private static async Task<(int Status, string Type, ReadOnlyMemory<byte> Body)> Content(HttpRequest request, Scrapes scrapes)
    {
        const string Plain = "text/plain; charset=utf-8";
        if (request.Path != Path || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        {
            return (StatusCodes.Status404NotFound, Plain, "This port serves GET /metrics and nothing else.\n"u8.ToArray());
        }

        var format = Formats.Wanted(request.Headers.Accept!);
        try
        {
            return (StatusCodes.Status200OK, format.ContentType(), await scrapes.ScrapeAsync(format));
        }
        catch (InvalidOperationException error)
        {
            return (StatusCodes.Status500InternalServerError, Plain, System.Text.Encoding.UTF8.GetBytes($"{error.Message}\n"));
        }
    }

    /// <summary>A scrape is nobody's request: it stands in no trace and in no count of requests.</summary>
    private static void LeaveNoTrace(HttpContext context)
    {
        Activity.Current?.LeaveOut();
        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }
    }

    private static void Check(WebApplication app, int port)
    {
        var addresses = string.Join(", ", app.Urls);
        var ports = app.Urls.Select(url => BindingAddress.Parse(url).Port).ToHashSet();
        if (!ports.Contains(port))
        {
            Log.NotListening(app.Logger, port, addresses);
        }
        else if (ports.Count == 1)
        {
            Log.NothingElse(app.Logger, port, addresses);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(121, LogLevel.Warning, "Metrics:Port is {Port}, but the server listens on {Addresses}: nobody can read /metrics. Add http://*:{Port} to the service's URLs", EventName = "MetricsPortNotListening")]
        public static partial void NotListening(ILogger logger, int port, string addresses);

        [LoggerMessage(122, LogLevel.Warning, "Metrics:Port is {Port}, the only port that the server listens on ({Addresses}): it answers /metrics and nothing else", EventName = "MetricsPortOnly")]
        public static partial void NothingElse(ILogger logger, int port, string addresses);
    }
}
