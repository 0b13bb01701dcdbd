using System.Buffers.Binary;
using System.Diagnostics;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway;

/// <summary>The W3C trace that a request belongs to, whether or not anyone collects traces.</summary>
/// <param name="Traceparent">What engines are told, unless a span of ours stands in between.</param>
internal readonly record struct TraceContext(string Traceparent)
{
    private const int TraceIdOffset = 3;
    private const int TraceIdLength = 32;

    /// <summary>32 lower-case hex digits.</summary>
    public string TraceId => Traceparent.Substring(TraceIdOffset, TraceIdLength);

    /// <summary>The server span's trace, else the client's, else a new one.</summary>
    public static TraceContext Of(HttpContext http, Dice dice)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            return new TraceContext(id);
        }

        var header = http.Request.Headers.TraceParent;
        if (header.Count == 1 && PlainHeader.IsPlain(header[0]) && ActivityContext.TryParse(header[0], null, out _))
        {
            return new TraceContext(header[0]!);
        }

        // Flag 00: nobody has recorded this trace so far, and nobody here does.
        return new TraceContext(string.Create(55, dice, static (text, dice) =>
        {
            Span<byte> ids = stackalloc byte[24];
            BinaryPrimitives.WriteUInt64BigEndian(ids, dice.Next());
            BinaryPrimitives.WriteUInt64BigEndian(ids[8..], dice.Next());
            BinaryPrimitives.WriteUInt64BigEndian(ids[16..], dice.Next());
            "00-".CopyTo(text);
            Convert.TryToHexStringLower(ids[..16], text[TraceIdOffset..], out _);
            text[TraceIdOffset + TraceIdLength] = '-';
            Convert.TryToHexStringLower(ids[16..], text[36..], out _);
            "-00".CopyTo(text[52..]);
        }));
    }
}
