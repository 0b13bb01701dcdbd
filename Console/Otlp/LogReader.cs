using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>Reads <c>ExportLogsServiceRequest</c>. Field numbers: opentelemetry-proto 1.x, logs.proto.</summary>
internal static class LogReader
{
    /// <exception cref="MalformedOtlpException">It is not what OTLP says.</exception>
    public static Decoded<LogRecord> Read(OtlpReader otlp, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var entries = new Decoded<LogRecord>();
        otlp.Walk(body, (emitter, scope, item) => entries.Add(ReadEntry(otlp, emitter, scope, item, now)));
        return entries;
    }

    private static LogRecord ReadEntry(OtlpReader otlp, Emitter emitter, string scope, ProtoReader reader, DateTimeOffset now)
    {
        ulong time = 0, observed = 0, severity = 0;
        var (body, eventName) = ("", "");
        TraceId traceId = default;
        SpanId spanId = default;
        List<Tag> tags = [];
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: time = reader.ReadFixed64(); break;
                case 2: severity = reader.ReadVarint(); break;
                case 5: body = otlp.Tags.ReadValue(reader.ReadMessage()); break;
                case 6: otlp.Tags.Read(reader.ReadMessage(), tags); break;
                case 9: traceId = OtlpReader.ReadTraceId(ref reader); break;
                case 10: spanId = OtlpReader.ReadSpanId(ref reader); break;
                case 11: observed = reader.ReadFixed64(); break;
                case 12: eventName = otlp.Tags.Names.Get(reader.ReadBytes()); break;
                default: reader.Skip(); break;
            }
        }

        var all = tags.ToArray();
        return new()
        {
            Time = (time, observed) switch { ( > 0, _) => OtlpReader.Time(time), (_, > 0) => OtlpReader.Time(observed), _ => now },
            Emitter = emitter,
            Category = scope,
            Severity = Severity(severity),
            Body = body,
            EventName = eventName.Length > 0 ? eventName : all.Find("event.name") ?? all.Find("logrecord.event.name") ?? "", // Where it stood before it had a field.
            TraceId = traceId,
            SpanId = spanId,
            Tags = all,
        };
    }

    /// <summary>24 numbers, four for each severity.</summary>
    private static LogSeverity Severity(ulong number) => number is 0 or > 24 ? LogSeverity.Unspecified : (LogSeverity)((number - 1) / 4 * 4 + 1);
}
