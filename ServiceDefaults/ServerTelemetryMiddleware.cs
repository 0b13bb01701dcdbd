using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Orrery.ServiceDefaults;

/// <summary>What a server tells of its requests: a span where one is recorded, and how long each took.</summary>
internal sealed class ServerTelemetryMiddleware(RequestDelegate next, ServerSpans spans, ServerDurations durations, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context) =>
        spans.AreWanted(context.Request, out var parent) ? Trace(context, parent)
        : durations.Enabled ? Measure(context)
        : next(context);

    private async Task Trace(HttpContext context, ActivityContext parent)
    {
        using var span = ServerSpans.Start(context.Request, parent);
        if (context.Request.Path.StartsWithSegments("/health"))
        {
            span?.LeaveOut();
        }

        try
        {
            await Measure(context);
        }
        catch (Exception error) when (span is not null)
        {
            span.SetTag("error.type", error.GetType().FullName);
            span.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
        finally
        {
            if (span is { IsAllDataRequested: true })
            {
                Describe(span, context);
            }
        }
    }

    private async Task Measure(HttpContext context)
    {
        var began = time.GetTimestamp();
        string? error = null;
        try
        {
            await next(context);
        }
        catch (Exception thrown)
        {
            error = thrown.GetType().FullName;
            throw;
        }
        finally
        {
            durations.Record(context, RouteOf(context), time.GetElapsedTime(began), error);
        }
    }

    private static void Describe(Activity span, HttpContext context)
    {
        if (RouteOf(context) is { } route)
        {
            span.DisplayName = $"{context.Request.Method} {route}";
            span.Tell("http.route", route);
        }

        var status = context.Response.StatusCode;
        span.Tell("http.response.status_code", status);
        if (status >= 500 && span.GetTagItem("error.type") is null)
        {
            span.SetTag("error.type", status.ToString(CultureInfo.InvariantCulture));
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string? RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
}
