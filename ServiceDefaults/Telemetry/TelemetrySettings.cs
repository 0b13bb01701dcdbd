using System.Globalization;
using Microsoft.Extensions.Configuration;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults;

/// <summary>Where telemetry goes, as configured; read and checked once, at start.</summary>
/// <param name="Collector">The operator's collector (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; the exporter itself reads this and the other <c>OTEL_*</c>), or <c>null</c>.</param>
/// <param name="Console">Orrery's own Console, or <c>null</c>.</param>
/// <param name="MetricsPort">The port that serves <c>/metrics</c> (<c>Metrics:Port</c>), or <c>null</c>.</param>
internal sealed record TelemetrySettings(Uri? Collector, ConsoleSettings? Console, int? MetricsPort)
{
    private const string CollectorKey = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ConsoleUrlKey = "Telemetry:ConsoleUrl";
    private const string ConsoleKeyKey = "Telemetry:ConsoleKey";
    private const string IntervalKey = "Telemetry:ConsoleMetricInterval";
    private const string PortKey = "Metrics:Port";
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    /// <summary>Whether traces, metrics and logs leave this service.</summary>
    public bool IsOn => Collector is not null || Console is not null;

    /// <exception cref="InvalidOperationException">A setting is none; the message names it, its value and what was expected.</exception>
    public static TelemetrySettings From(IConfiguration configuration) =>
        new(Url(configuration, CollectorKey, "http://collector:4318"), ReadConsole(configuration), ReadPort(configuration));

    /// <summary>As <see cref="IsOn"/>, for whoever has only the configuration.</summary>
    public static bool AreOn(IConfiguration configuration) =>
        !string.IsNullOrWhiteSpace(configuration[CollectorKey]) || !string.IsNullOrWhiteSpace(configuration[ConsoleUrlKey]);

    private static ConsoleSettings? ReadConsole(IConfiguration configuration) =>
        Url(configuration, ConsoleUrlKey, "http://console:8082") is { } url ? new ConsoleSettings(url, ReadKey(configuration), ReadInterval(configuration)) : null;

    private static Uri? Url(IConfiguration configuration, string key, string example)
    {
        var text = configuration[key];
        return string.IsNullOrWhiteSpace(text) ? null
            : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
            : throw new InvalidOperationException($"{key} is '{text}'; expected an absolute URL such as {example}.");
    }

    private static string? ReadKey(IConfiguration configuration)
    {
        var key = configuration[ConsoleKeyKey];
        return string.IsNullOrEmpty(key) ? null
            : key.All(character => character is > ' ' and <= '~') ? key
            : throw new InvalidOperationException(
                $"{ConsoleKeyKey} (not shown; {key.Length} characters) has a character that no HTTP header may carry; expected visible ASCII only. A line break at the end of a file is a common cause.");
    }

    private static TimeSpan ReadInterval(IConfiguration configuration)
    {
        var text = configuration[IntervalKey];
        return string.IsNullOrEmpty(text) ? DefaultInterval
            : Duration.TryParse(text, out var interval) && interval.Value >= ShortestInterval && interval.Value <= LongestInterval ? interval.Value
            : throw new InvalidOperationException($"{IntervalKey} is '{text}'; expected a duration from 100ms to 1h such as 5s.");
    }

    private static int? ReadPort(IConfiguration configuration)
    {
        var text = configuration[PortKey];
        return string.IsNullOrEmpty(text) ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535 ? port
            : throw new InvalidOperationException($"{PortKey} is '{text}'; expected a port from 1 to 65535.");
    }
}

/// <param name="Url">The base, to which <c>/v1/traces</c>, <c>/v1/metrics</c> and <c>/v1/logs</c> are added.</param>
/// <param name="Key">Sent as <c>x-otlp-api-key</c>; never logged.</param>
/// <param name="MetricInterval">Between two sendings of metrics.</param>
internal sealed record ConsoleSettings(Uri Url, string? Key, TimeSpan MetricInterval)
{
    // A record would print the key with its other members.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"Url = {Url}, MetricInterval = {MetricInterval}");
        return true;
    }
}
