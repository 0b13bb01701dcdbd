using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orrery.Tests.Telemetry;

/// <summary>A span as it arrived.</summary>
internal sealed record ReceivedSpan(string Service, string TraceId, string SpanId, string ParentSpanId, string Name, int Kind, IReadOnlyDictionary<string, string> Tags);

/// <summary>One call as it arrived.</summary>
internal sealed record ReceivedCall(string Path, string ContentType, IReadOnlyDictionary<string, string> Headers);

/// <summary>A log record as it arrived.</summary>
internal sealed record ReceivedLog(string Service, string Body, IReadOnlyDictionary<string, string> Tags);

/// <summary>The name of a metric as it arrived.</summary>
internal sealed record ReceivedMetric(string Service, string Name);

/// <summary>An OTLP receiver (HTTP, protobuf) that keeps in memory what it is sent.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentQueue<ReceivedMetric> _metrics = new();
    private readonly ConcurrentQueue<ReceivedLog> _logs = new();
    private readonly ConcurrentQueue<ReceivedCall> _calls = new();
    private readonly ConcurrentQueue<byte[]> _bodies = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public IReadOnlyCollection<ReceivedMetric> Metrics => _metrics;

    public IReadOnlyCollection<ReceivedLog> Logs => _logs;

    public IReadOnlyCollection<ReceivedCall> Calls => _calls;

    /// <summary>Everything that arrived, as it arrived.</summary>
    public IReadOnlyCollection<byte[]> Bodies => _bodies;

    /// <param name="port">0: a free one.</param>
    public static async Task<OtlpReceiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.Run(receiver.Receive);
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Receive(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _bodies.Enqueue(body.ToArray());
        var path = context.Request.Path.Value!;
        Action<string, ByteString>? keep = path switch
        {
            "/v1/traces" => (service, span) => _spans.Enqueue(ReadSpan(service, span)),
            "/v1/metrics" => (service, metric) => _metrics.Enqueue(ReadMetric(service, metric)),
            "/v1/logs" => (service, log) => _logs.Enqueue(ReadLog(service, log)),
            _ => null,
        };
        if (keep is not null)
        {
            Read(new CodedInputStream(body.ToArray()), (field, input) =>
            {
                if (field == 1)
                {
                    ReadResource(input.ReadBytes(), keep);
                }
            });
        }

        _calls.Enqueue(new ReceivedCall(
            path,
            context.Request.ContentType ?? "",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));

        // An empty Export…ServiceResponse is an empty body.
        context.Response.ContentType = "application/x-protobuf";
    }

    // Field numbers: opentelemetry-proto 1.x. Resource, scope and what is in it have the same ones in trace.proto, metrics.proto and logs.proto.
    private static void ReadResource(ByteString message, Action<string, ByteString> keep)
    {
        var service = "";
        var scopes = new List<ByteString>();
        Read(message.CreateCodedInput(), (field, input) =>
        {
            if (field == 1)
            {
                var resource = ReadAttributes(input.ReadBytes(), attributesField: 1);
                service = resource.GetValueOrDefault("service.name", "");
            }
            else if (field == 2)
            {
                scopes.Add(input.ReadBytes());
            }
        });
        foreach (var scope in scopes)
        {
            Read(scope.CreateCodedInput(), (field, input) =>
            {
                if (field == 2)
                {
                    keep(service, input.ReadBytes());
                }
            });
        }
    }

    private static ReceivedSpan ReadSpan(string service, ByteString message)
    {
        string traceId = "", spanId = "", parent = "", name = "";
        var kind = 0;
        Read(message.CreateCodedInput(), (field, input) =>
        {
            switch (field)
            {
                case 1: traceId = Hex(input.ReadBytes()); break;
                case 2: spanId = Hex(input.ReadBytes()); break;
                case 4: parent = Hex(input.ReadBytes()); break;
                case 5: name = input.ReadString(); break;
                case 6: kind = input.ReadEnum(); break;
            }
        });
        return new ReceivedSpan(service, traceId, spanId, parent, name, kind, ReadAttributes(message, attributesField: 9));
    }

    private static ReceivedMetric ReadMetric(string service, ByteString message)
    {
        var name = "";
        Read(message.CreateCodedInput(), (field, input) => name = field == 1 ? input.ReadString() : name);
        return new ReceivedMetric(service, name);
    }

    private static ReceivedLog ReadLog(string service, ByteString message)
    {
        var body = "";
        Read(message.CreateCodedInput(), (field, input) => body = field == 5 ? ReadAnyValue(input.ReadBytes()) : body);
        return new ReceivedLog(service, body, ReadAttributes(message, attributesField: 6));
    }

    private static Dictionary<string, string> ReadAttributes(ByteString message, int attributesField)
    {
        var attributes = new Dictionary<string, string>();
        Read(message.CreateCodedInput(), (field, input) =>
        {
            if (field != attributesField)
            {
                return;
            }

            string key = "", value = "";
            Read(input.ReadBytes().CreateCodedInput(), (part, pair) =>
            {
                if (part == 1)
                {
                    key = pair.ReadString();
                }
                else if (part == 2)
                {
                    value = ReadAnyValue(pair.ReadBytes());
                }
            });
            attributes[key] = value;
        });
        return attributes;
    }

    private static string ReadAnyValue(ByteString message)
    {
        var value = "";
        Read(message.CreateCodedInput(), (field, input) => value = field switch
        {
            1 => input.ReadString(),
            2 => input.ReadBool().ToString(),
            3 => $"{input.ReadInt64()}",
            4 => $"{input.ReadDouble()}",
            _ => value,
        });
        return value;
    }

    /// <summary>Offers each field to <paramref name="read"/> and skips those that it leaves alone.</summary>
    private static void Read(CodedInputStream input, Action<int, CodedInputStream> read)
    {
        while (input.ReadTag() is not 0 and var tag)
        {
            var before = input.Position;
            read(WireFormat.GetTagFieldNumber(tag), input);
            if (input.Position == before)
            {
                input.SkipLastField();
            }
        }
    }

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}
