using System.Buffers.Binary;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>What the three readers share: who sends, scopes, times, ids. Field numbers: opentelemetry-proto 1.x, common.proto and resource.proto.</summary>
internal sealed class OtlpReader(EmitterTable emitters, TagReader tags)
{
    /// <summary>Reads one part of what a process sends: a scope's name and one of its items.</summary>
    public delegate void ReadItem(Emitter emitter, string scope, ProtoReader item);

    public TagReader Tags { get; } = tags;

    /// <summary>Walks <c>Export…ServiceRequest</c>: resources (field 1), their scopes (field 2), their items (field 2).</summary>
    public void Walk(ReadOnlySpan<byte> body, ReadItem read)
    {
        var request = new ProtoReader(body);
        while (request.Next())
        {
            if (request.Field == 1)
            {
                WalkResource(request.ReadMessage(), read);
            }
            else
            {
                request.Skip();
            }
        }
    }

    public static DateTimeOffset Time(ulong unixNano) => DateTimeOffset.UnixEpoch.AddTicks((long)Math.Min(unixNano / 100, (ulong)(DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks));

    /// <summary>Empty unless it has 16 bytes.</summary>
    public static TraceId ReadTraceId(ref ProtoReader reader) =>
        reader.ReadBytes() is { Length: 16 } bytes ? new(BinaryPrimitives.ReadUInt128BigEndian(bytes)) : default;

    /// <summary>Empty unless it has 8 bytes.</summary>
    public static SpanId ReadSpanId(ref ProtoReader reader) =>
        reader.ReadBytes() is { Length: 8 } bytes ? new(BinaryPrimitives.ReadUInt64BigEndian(bytes)) : default;

    private void WalkResource(ProtoReader resource, ReadItem read)
    {
        // The resource comes first from every SDK, but protobuf promises no order.
        var emitter = ReadEmitter(resource);
        while (resource.Next())
        {
            if (resource.Field == 2)
            {
                WalkScope(emitter, resource.ReadMessage(), read);
            }
            else
            {
                resource.Skip();
            }
        }
    }

    private void WalkScope(Emitter emitter, ProtoReader scope, ReadItem read)
    {
        var name = ReadScopeName(scope);
        while (scope.Next())
        {
            if (scope.Field == 2)
            {
                read(emitter, name, scope.ReadMessage());
            }
            else
            {
                scope.Skip();
            }
        }
    }

    private Emitter ReadEmitter(ProtoReader resource)
    {
        var found = new List<Tag>();
        while (resource.Next())
        {
            if (resource.Field != 1)
            {
                resource.Skip();
                continue;
            }

            var content = resource.ReadMessage();
            while (content.Next())
            {
                if (content.Field == 1)
                {
                    Tags.Read(content.ReadMessage(), found);
                }
                else
                {
                    content.Skip();
                }
            }
        }

        return emitters.Get(TagReader.Sorted(found));
    }

    private string ReadScopeName(ProtoReader scope)
    {
        var name = "";
        while (scope.Next())
        {
            if (scope.Field != 1)
            {
                scope.Skip();
                continue;
            }

            var content = scope.ReadMessage();
            while (content.Next())
            {
                if (content.Field == 1)
                {
                    name = Tags.Names.Get(content.ReadBytes());
                }
                else
                {
                    content.Skip();
                }
            }
        }

        return name;
    }
}
