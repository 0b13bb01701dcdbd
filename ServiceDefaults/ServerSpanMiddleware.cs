using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Orrery.ServiceDefaults;

/// <summary>Adds to ASP.NET Core's server span what the HTTP semantic conventions ask for and the framework leaves out.</summary>
internal sealed class ServerSpanMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (Activity.Current is not { IsAllDataRequested: true } span)
        {
            return next(context);
        }

        if (context.Request.Path.StartsWithSegments("/health"))
        {
            span.LeaveOut();
            return next(context);
        }

        return Describe(context, span);
    }

    private async Task Describe(HttpContext context, Activity span)
    {
        try
        {
            await next(context);
        }
        catch (Exception error)
        {
            span.SetTag("error.type", error.GetType().FullName);
            span.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
        finally
        {
            if ((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } route)
            {
                span.DisplayName = $"{context.Request.Method} {route}";
                span.SetTag("http.route", route);
            }

            var status = context.Response.StatusCode;
            span.SetTag("http.response.status_code", status);
            if (status >= 500 && span.GetTagItem("error.type") is null)
            {
                span.SetTag("error.type", status.ToString(CultureInfo.InvariantCulture));
                span.SetStatus(ActivityStatusCode.Error);
            }
        }
    }
}

public static class SpanExtensions
{
    /// <summary>Exports neither this span nor what is done within it: probes and telemetry itself would bury what people look for.</summary>
    public static void LeaveOut(this Activity span)
    {
        span.IsAllDataRequested = false;
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
