using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole.Otlp;

/// <summary>Takes traces, metrics and logs: OTLP 1.x over HTTP in protobuf (opentelemetry.io/docs/specs/otlp). A request is taken whole or not at all.</summary>
internal sealed partial class OtlpApi(
    TraceStore traces, LogStore logs, MetricStore metrics, OtlpCounts counts, IOptions<OtlpOptions> options, TimeProvider time, ILogger<OtlpApi> logger)
{
    public const string KeyHeader = "x-otlp-api-key";

    private const string Protobuf = "application/x-protobuf";
    private readonly OtlpOptions _options = options.Value;
    private readonly OtlpReader _reader = new(new EmitterTable(), new TagReader());
    private readonly byte[] _key = Encoding.UTF8.GetBytes(options.Value.Key ?? "");
    private long _inFlight;

    /// <summary>Whether a request comes to the collector's own port, which serves nothing else.</summary>
    public static bool IsCollectorPort(HttpContext http, OtlpOptions options) => options.Port != 0 && http.Connection.LocalPort == options.Port;

    public Task ReceiveAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/v1/traces" => ReceiveAsync(http, body => traces.Add(SpanReader.Read(_reader, body)), "spans: their traces have too many"),
        "/v1/logs" => ReceiveAsync(http, AddLogs, ""),
        "/v1/metrics" => ReceiveAsync(http, body => metrics.Add(MetricReader.Read(_reader, body)), "data points: there are too many series"),
        _ => RefuseAsync(http, StatusCodes.Status404NotFound, "This port takes OTLP: POST to /v1/traces, /v1/metrics or /v1/logs."),
    };

    /// <param name="http">The request.</param>
    /// <param name="add">Reads and keeps a body; returns how many of its items could not be kept.</param>
    /// <param name="whatIsLost">Those items, and why, in words.</param>
    private async Task ReceiveAsync(HttpContext http, Func<ReadOnlySpan<byte>, int> add, string whatIsLost)
    {
        if (Refusal(http.Request) is var (status, reason))
        {
            await RefuseAsync(http, status, reason);
            return;
        }

        // Unpacked it may be larger than it says: its share is what one request may hold at most, unless it says its length and is not packed.
        var isPacked = http.Request.Headers.ContentEncoding.Count > 0;
        var share = !isPacked && http.Request.ContentLength is { } length ? length : _options.MaxBodyBytes;
        if (Interlocked.Add(ref _inFlight, share) > _options.MaxInFlightBytes)
        {
            Interlocked.Add(ref _inFlight, -share);
            counts.Refuse();
            http.Response.Headers.RetryAfter = "1";
            await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, $"More than {_options.MaxInFlightBytes} bytes of telemetry are coming at once (Console:Otlp:MaxInFlightBytes).");
            return;
        }

        try
        {
            await AcceptAsync(http, add, whatIsLost);
        }
        finally
        {
            Interlocked.Add(ref _inFlight, -share);
        }
    }

    private async Task AcceptAsync(HttpContext http, Func<ReadOnlySpan<byte>, int> add, string whatIsLost)
    {
        try
        {
            using var body = await ReadBodyAsync(http);
            var lost = add(body.GetBuffer().AsSpan(0, (int)body.Length));
            counts.Accept();
            http.Response.ContentType = Protobuf;
            await http.Response.Body.WriteAsync(lost == 0 ? [] : ProtoText.PartialSuccess(lost, $"{lost} {whatIsLost}"), http.RequestAborted);
        }
        catch (BodyTooLargeException)
        {
            await RefuseAsync(http, StatusCodes.Status413PayloadTooLarge, $"The body has more than {_options.MaxBodyBytes} bytes (Console:Otlp:MaxBodyBytes). Send smaller batches.");
        }
        catch (Exception error) when (error is MalformedOtlpException or InvalidDataException)
        {
            counts.Mark();
            Log.Malformed(logger, http.Request.Path, error.Message);
            await RefuseAsync(http, StatusCodes.Status400BadRequest, $"The body is no OTLP in protobuf: {error.Message}");
        }
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

        if (request.ContentType?.Split(';')[0].Trim() != Protobuf)
        {
            return (StatusCodes.Status415UnsupportedMediaType, $"The content type is '{request.ContentType}'; expected {Protobuf} (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf).");
        }

        return request.Headers.ContentEncoding.ToString() is "" or "identity" or "gzip"
            ? null
            : (StatusCodes.Status415UnsupportedMediaType, $"The content encoding is '{request.Headers.ContentEncoding}'; expected gzip or none.");
    }

    private int AddLogs(ReadOnlySpan<byte> body)
    {
        logs.Add(LogReader.Read(_reader, body, time.GetUtcNow()));
        return 0;
    }

    private async Task<MemoryStream> ReadBodyAsync(HttpContext http)
    {
        var source = http.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(http.Request.Body, CompressionMode.Decompress) : http.Request.Body;
        var body = new MemoryStream((int)Math.Min(http.Request.ContentLength ?? 0, _options.MaxBodyBytes));
        var chunk = new byte[16 << 10];
        while (await source.ReadAsync(chunk, http.RequestAborted) is > 0 and var read)
        {
            if (body.Length + read > _options.MaxBodyBytes)
            {
                throw new BodyTooLargeException();
            }

            await body.WriteAsync(chunk.AsMemory(0, read), http.RequestAborted);
        }

        return body;
    }

    private static Task RefuseAsync(HttpContext http, int status, string reason)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = Protobuf;
        return http.Response.Body.WriteAsync(ProtoText.Status(reason), http.RequestAborted).AsTask();
    }

    private sealed class BodyTooLargeException : Exception;

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
