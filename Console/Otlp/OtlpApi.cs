using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orrery.WebConsole.History;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole.Otlp;

/// <summary>Takes traces, metrics and logs: OTLP 1.x over HTTP in protobuf (opentelemetry.io/docs/specs/otlp). A request is taken whole or not at all.</summary>
internal sealed partial class OtlpApi(
    TraceStore traces, LogStore logs, MetricStore metrics, HistoryQueue history, OtlpCounts counts, IOptions<OtlpOptions> options, TimeProvider time, ILogger<OtlpApi> logger)
{
    public const string KeyHeader = "x-otlp-api-key";

    private const string Protobuf = "application/x-protobuf";
    private readonly OtlpOptions _options = options.Value;
    private readonly OtlpReader _reader = new(new EmitterTable(), new TagReader());
    private readonly InFlightBytes _inFlight = new(options.Value.MaxInFlightBytes);
    private readonly byte[] _key = Encoding.UTF8.GetBytes(options.Value.Key ?? "");

    /// <summary>Whether a request comes to the collector's own port, which serves nothing else.</summary>
    public static bool IsCollectorPort(HttpContext http, OtlpOptions options) => options.Port != 0 && http.Connection.LocalPort == options.Port;

    public Task ReceiveAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/v1/traces" => ReceiveAsync(http, OtlpSignal.Traces, AddSpans),
        "/v1/logs" => ReceiveAsync(http, OtlpSignal.Logs, AddLogs),
        "/v1/metrics" => ReceiveAsync(http, OtlpSignal.Metrics, AddMeasurements),
        _ => RefuseAsync(http, StatusCodes.Status404NotFound, "This port takes OTLP: POST to /v1/traces, /v1/metrics or /v1/logs."),
    };

    /// <param name="http">The request.</param>
    /// <param name="signal">What it brings.</param>
    /// <param name="add">Reads and keeps a body.</param>
    private async Task ReceiveAsync(HttpContext http, OtlpSignal signal, AddBody add)
    {
        if (Refusal(http.Request) is var (status, reason))
        {
            counts.Refuse(signal);
            await RefuseAsync(http, status, reason);
            return;
        }

        try
        {
            var kept = await ReadAndAddAsync(http, add);
            counts.Accept(signal, kept.Items, kept.Lost);
            http.Response.ContentType = Protobuf;
            await http.Response.Body.WriteAsync(kept.Lost == 0 ? [] : ProtoText.PartialSuccess(kept.Lost, kept.WhyLost), http.RequestAborted);
        }
        catch (BodyTooLargeException)
        {
            counts.Refuse(signal);
            await RefuseAsync(http, StatusCodes.Status413PayloadTooLarge, $"The body has more than {_options.MaxBodyBytes} bytes (Console:Otlp:MaxBodyBytes). Send smaller batches.");
        }
        catch (TooMuchInFlightException)
        {
            counts.Refuse(signal);
            http.Response.Headers.RetryAfter = "1";
            await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, $"More than {_options.MaxInFlightBytes} bytes of telemetry are coming at once (Console:Otlp:MaxInFlightBytes).");
        }
        catch (Exception error) when (error is MalformedOtlpException or InvalidDataException)
        {
            counts.Mark(signal);
            Log.Malformed(logger, http.Request.Path, error.Message);
            await RefuseAsync(http, StatusCodes.Status400BadRequest, $"The body is no OTLP in protobuf: {error.Message}");
        }
    }

    private async Task<Kept> ReadAndAddAsync(HttpContext http, AddBody add)
    {
        using var body = await OtlpBody.ReadAsync(http, _options.MaxBodyBytes, _inFlight);
        return add(body.Bytes);
    }

    private (int Status, string Reason)? Refusal(HttpRequest request)
    {
        if (_key.Length == 0)
        {
            return (StatusCodes.Status503ServiceUnavailable, "Console:Otlp:Key is not set, so nothing is taken. The AppHost and the chart set it (parameter telemetry-key).");
        }

        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers[KeyHeader].ToString()), _key))
        {
            return (StatusCodes.Status401Unauthorized, $"Send the collector's key (Console:Otlp:Key, parameter telemetry-key) in the header {KeyHeader}.");
        }

        if (!HttpMethods.IsPost(request.Method))
        {
            return (StatusCodes.Status405MethodNotAllowed, "Telemetry is sent by POST.");
        }

        if (!string.Equals(request.ContentType?.Split(';')[0].Trim(), Protobuf, StringComparison.OrdinalIgnoreCase))
        {
            return (StatusCodes.Status415UnsupportedMediaType, $"The content type is '{request.ContentType}'; expected {Protobuf} (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf).");
        }

        return request.Headers.ContentEncoding.ToString() is "" or "identity" or "gzip"
            ? null
            : (StatusCodes.Status415UnsupportedMediaType, $"The content encoding is '{request.Headers.ContentEncoding}'; expected gzip or none.");
    }

    private Kept AddSpans(ReadOnlySpan<byte> body)
    {
        var found = SpanReader.Read(_reader, body);
        var lost = traces.Add(found.Items);
        history.Offer(found.Items);
        return Kept.Of(found, lost, $"{lost} spans: their traces have too many");
    }

    private Kept AddLogs(ReadOnlySpan<byte> body)
    {
        var found = LogReader.Read(_reader, body, time.GetUtcNow());
        logs.Add(found.Items);
        history.Offer(found.Items);
        return Kept.Of(found, 0, "");
    }

    private Kept AddMeasurements(ReadOnlySpan<byte> body)
    {
        var found = MetricReader.Read(_reader, body);
        var lost = metrics.Add(found.Items);
        return Kept.Of(found, lost, $"{lost} data points: there are too many series, or they lie in the future");
    }

    private static Task RefuseAsync(HttpContext http, int status, string reason)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = Protobuf;
        return http.Response.Body.WriteAsync(ProtoText.Status(reason), http.RequestAborted).AsTask();
    }

    private delegate Kept AddBody(ReadOnlySpan<byte> body);

    private readonly record struct Kept(int Items, int Lost, string WhyLost)
    {
        public static Kept Of<T>(Decoded<T> found, int notKept, string why) => new(
            found.Items.Count - notKept,
            found.Rejected + notKept,
            string.Join("; ", new[] { found.Rejected > 0 ? $"{found.Rejected} items, such as: {found.Reason}" : "", notKept > 0 ? why : "" }.Where(text => text.Length > 0)));
    }

    private static partial class Log
    {
        [LoggerMessage(501, LogLevel.Warning, "Telemetry for {Path} was refused: {Reason}", EventName = "TelemetryMalformed")]
        public static partial void Malformed(ILogger logger, string path, string reason);
    }
}

internal static class OtlpApiExtensions
{
    /// <summary>The collector, on its own port, which serves nothing else; on every port where it has none.</summary>
    public static void UseOtlp(this WebApplication app)
    {
        var api = app.Services.GetRequiredService<OtlpApi>();
        var options = app.Services.GetRequiredService<IOptions<OtlpOptions>>().Value;
        if (options.Port != 0)
        {
            app.MapWhen(http => OtlpApi.IsCollectorPort(http, options), port => port.Run(api.ReceiveAsync));
        }
        else
        {
            app.MapWhen(http => http.Request.Path.Value is "/v1/traces" or "/v1/metrics" or "/v1/logs", any => any.Run(api.ReceiveAsync));
        }
    }
}
