using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Orrery.ServiceDefaults;

/// <summary><c>http.server.request.duration</c>, as the HTTP semantic conventions have it; ASP.NET Core's own takes several times as long to record.</summary>
internal sealed class ServerDurations : IDisposable
{
    private readonly Meter _meter = new("Orrery.Server");
    private readonly Histogram<double> _duration;

    public ServerDurations() =>
        _duration = _meter.CreateHistogram(
            "http.server.request.duration", "s", "Duration of HTTP server requests", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] });

    public bool Enabled => _duration.Enabled;

    /// <param name="context">The request, at its end.</param>
    /// <param name="route">Its route's pattern, if it has one.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="error">What was thrown out of it.</param>
    public void Record(HttpContext context, string? route, TimeSpan elapsed, string? error)
    {
        if (!_duration.Enabled)
        {
            return;
        }

        var request = context.Request;
        var status = context.Response.StatusCode;
        var tags = new TagList
        {
            { "http.request.method", HttpTags.Method(request.Method) },
            { "url.scheme", request.Scheme },
            { "http.response.status_code", HttpTags.Status(status) },
            { "network.protocol.version", HttpTags.Version(request.Protocol) },
        };
        if (route is not null)
        {
            tags.Add("http.route", route);
        }

        if (error is not null || status >= 500)
        {
            tags.Add("error.type", error ?? status.ToString(CultureInfo.InvariantCulture));
        }

        _duration.Record(elapsed.TotalSeconds, tags);
    }

    public void Dispose() => _meter.Dispose();
}
