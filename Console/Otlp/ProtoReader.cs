using System.Buffers.Binary;

namespace Orrery.WebConsole.Otlp;

/// <summary>What was sent is not what protobuf or OTLP says; the message says where and why.</summary>
internal sealed class MalformedOtlpException(string message) : Exception(message);

/// <summary>Walks the fields of one protobuf message in place: no copy, no allocation. Every read is checked against the message's end.</summary>
/// <remarks>Source: protobuf.dev/programming-guides/encoding. Groups, which OTLP has none of, are refused.</remarks>
internal ref struct ProtoReader(ReadOnlySpan<byte> bytes, int offset = 0)
{
    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly int _offset = offset;
    private int _at;
    private int _wire;

    /// <summary>The field that <see cref="Next"/> has come to; its value must be read or skipped.</summary>
    public int Field { get; private set; }

    /// <summary>Goes to the next field; <c>false</c> at the message's end.</summary>
    public bool Next()
    {
        if (_at == _bytes.Length)
        {
            return false;
        }

        var tag = RawVarint();
        if (tag is < 1 << 3 or > uint.MaxValue)
        {
            throw Fault($"tag {tag} has no field number from 1 to 536870911");
        }

        Field = (int)(tag >> 3);
        _wire = (int)(tag & 7);
        return true;
    }

    public ulong ReadVarint()
    {
        Expect(Varint);
        return RawVarint();
    }

    public ulong ReadFixed64()
    {
        Expect(Fixed64);
        return RawFixed64();
    }

    public double ReadDouble() => BitConverter.UInt64BitsToDouble(ReadFixed64());

    /// <summary>An <c>sint32</c>.</summary>
    public int ReadZigZag()
    {
        var value = (uint)ReadVarint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    public uint ReadFixed32()
    {
        Expect(Fixed32);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        Expect(Delimited);
        return Take(RawVarint());
    }

    public ProtoReader ReadMessage()
    {
        var content = ReadBytes();
        return new(content, _offset + _at - content.Length);
    }

    /// <summary>A repeated <c>fixed64</c> or <c>double</c>, packed or not.</summary>
    public void ReadFixed64s(List<ulong> values)
    {
        if (_wire == Fixed64)
        {
            values.Add(RawFixed64());
            return;
        }

        var packed = ReadMessage();
        while (packed._at < packed._bytes.Length)
        {
            values.Add(packed.RawFixed64());
        }
    }

    /// <summary>A repeated <c>uint64</c>, packed or not.</summary>
    public void ReadVarints(List<ulong> values)
    {
        if (_wire == Varint)
        {
            values.Add(RawVarint());
            return;
        }

        var packed = ReadMessage();
        while (packed._at < packed._bytes.Length)
        {
            values.Add(packed.RawVarint());
        }
    }

    public void Skip()
    {
        switch (_wire)
        {
            case Varint: RawVarint(); break;
            case Fixed64: Take(8); break;
            case Delimited: Take(RawVarint()); break;
            case Fixed32: Take(4); break;
            default: throw Fault($"field {Field} has wire type {_wire}; expected 0, 1, 2 or 5");
        }
    }

    /// <summary>A fault at the place that has been read up to.</summary>
    public readonly MalformedOtlpException Fault(string reason) => new($"byte {_offset + _at}: {reason}");

    private readonly void Expect(int wire)
    {
        if (_wire != wire)
        {
            throw Fault($"field {Field} has wire type {_wire}; expected {wire}");
        }
    }

    private ulong RawFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(_bytes.Length - _at))
        {
            throw Fault($"field {Field} wants {length} bytes; its message has {_bytes.Length - _at} left");
        }

        var taken = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return taken;
    }

    private ulong RawVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_at == _bytes.Length)
            {
                throw Fault("the message ends within a number");
            }

            var part = _bytes[_at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Fault("a number has more than 10 bytes");
    }
}
