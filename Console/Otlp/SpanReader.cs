using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>Reads <c>ExportTraceServiceRequest</c>. Field numbers: opentelemetry-proto 1.x, trace.proto.</summary>
internal static class SpanReader
{
    /// <summary>Of one span; SDKs stop at 128. Further ones are left out.</summary>
    private const int MostEvents = 256;

    /// <exception cref="MalformedOtlpException">It is not what OTLP says.</exception>
    public static Decoded<Span> Read(OtlpReader otlp, ReadOnlySpan<byte> body)
    {
        var spans = new Decoded<Span>();
        otlp.Walk(body, (emitter, scope, item) => ReadSpan(otlp, emitter, scope, item, spans));
        return spans;
    }

    private static void ReadSpan(OtlpReader otlp, Emitter emitter, string scope, ProtoReader reader, Decoded<Span> spans)
    {
        TraceId traceId = default;
        SpanId id = default, parent = default;
        var (name, kind, status, message) = ("", SpanKind.Unspecified, SpanStatus.Unset, "");
        ulong start = 0, end = 0;
        List<Tag> tags = [];
        List<SpanEvent>? events = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: traceId = OtlpReader.ReadTraceId(ref reader); break;
                case 2: id = OtlpReader.ReadSpanId(ref reader); break;
                case 4: parent = OtlpReader.ReadSpanId(ref reader); break;
                case 5: name = otlp.Tags.Names.Get(reader.ReadBytes()); break;
                case 6: kind = reader.ReadVarint() is <= 5 and var number ? (SpanKind)number : SpanKind.Unspecified; break;
                case 7: start = reader.ReadFixed64(); break;
                case 8: end = reader.ReadFixed64(); break;
                case 9: otlp.Tags.Read(reader.ReadMessage(), tags); break;
                case 11: ReadEvent(otlp, reader.ReadMessage(), events ??= []); break;
                case 15: (status, message) = ReadStatus(otlp, reader.ReadMessage()); break;
                default: reader.Skip(); break;
            }
        }

        if (traceId.IsEmpty || id.IsEmpty)
        {
            spans.Reject($"span '{name}' has no {(traceId.IsEmpty ? "trace id of 16 bytes" : "span id of 8 bytes")} other than 0");
            return;
        }

        var begun = OtlpReader.Time(start);
        spans.Add(new()
        {
            TraceId = traceId,
            Id = id,
            ParentId = parent,
            Emitter = emitter,
            Scope = scope,
            Name = name,
            Kind = kind,
            Start = begun,
            Duration = end > start ? OtlpReader.Time(end) - begun : TimeSpan.Zero,
            Status = status,
            StatusMessage = message,
            Tags = [.. tags],
            Events = events is null ? [] : [.. events],
        });
    }

    private static void ReadEvent(OtlpReader otlp, ProtoReader reader, List<SpanEvent> events)
    {
        var (time, name) = (0UL, "");
        List<Tag> tags = [];
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: time = reader.ReadFixed64(); break;
                case 2: name = otlp.Tags.Names.Get(reader.ReadBytes()); break;
                case 3: otlp.Tags.Read(reader.ReadMessage(), tags); break;
                default: reader.Skip(); break;
            }
        }

        if (events.Count < MostEvents)
        {
            events.Add(new(OtlpReader.Time(time), name, [.. tags]));
        }
    }

    private static (SpanStatus Status, string Message) ReadStatus(OtlpReader otlp, ProtoReader reader)
    {
        var (status, message) = (SpanStatus.Unset, "");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2: message = otlp.Tags.Names.Get(reader.ReadBytes()); break;
                case 3: status = reader.ReadVarint() is <= 2 and var number ? (SpanStatus)number : SpanStatus.Unset; break;
                default: reader.Skip(); break;
            }
        }

        return (status, message);
    }
}
