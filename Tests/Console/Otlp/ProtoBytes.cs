using System.Buffers.Binary;
using System.Text;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>Protobuf by hand, so that what is sent is exactly what a test says.</summary>
internal static class ProtoBytes
{
    public static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(field => field)];

    public static byte[] Part(int field, params byte[][] fields) => Bytes(field, Message(fields));

    public static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Bytes(int field, byte[] content) => [.. Varint((ulong)(field << 3 | 2)), .. Varint((ulong)content.Length), .. content];

    public static byte[] Number(int field, ulong value) => [.. Varint((ulong)(field << 3)), .. Varint(value)];

    public static byte[] ZigZag(int field, int value) => Number(field, (uint)((value << 1) ^ (value >> 31)));

    public static byte[] Fixed(int field, ulong value) => [.. Varint((ulong)(field << 3 | 1)), .. Eight(value)];

    public static byte[] Double(int field, double value) => Fixed(field, BitConverter.DoubleToUInt64Bits(value));

    public static byte[] PackedFixed(int field, params ulong[] values) => Bytes(field, [.. values.SelectMany(Eight)]);

    public static byte[] PackedDoubles(int field, params double[] values) => PackedFixed(field, [.. values.Select(BitConverter.DoubleToUInt64Bits)]);

    public static byte[] PackedVarints(int field, params ulong[] values) => Bytes(field, [.. values.SelectMany(Varint)]);

    /// <summary>A <c>KeyValue</c> whose value is the given <c>AnyValue</c>.</summary>
    public static byte[] Tag(int field, string key, byte[] value) => Part(field, Text(1, key), Bytes(2, value));

    /// <summary>A resource with its service, and one scope that holds <paramref name="items"/> (field 2 each).</summary>
    public static byte[] Request(string service, params byte[][] items) =>
        Part(1, Part(1, Tag(1, "service.name", Text(1, service))), Part(2, [Part(1, Text(1, "Test.Scope")), .. items]));

    public static byte[] Span(UInt128 trace, ulong id, ulong parent = 0, string name = "work", DateTimeOffset? start = null, double milliseconds = 1, params byte[][] more)
    {
        var begun = Nanoseconds(start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var traceId = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(traceId, trace);
        return Part(2,
            [
                Bytes(1, traceId), Bytes(2, Big(id)), parent == 0 ? [] : Bytes(4, Big(parent)), Text(5, name), Number(6, 2),
                Fixed(7, begun), Fixed(8, begun + (ulong)(milliseconds * 1e6)), .. more,
            ]);
    }

    public static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static byte[] Big(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Eight(ulong value) => BitConverter.GetBytes(value);

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }
}
