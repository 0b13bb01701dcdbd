using System.Text;

namespace Orrery.WebConsole.Otlp;

/// <summary>The two small messages that a collector answers with.</summary>
internal static class ProtoText
{
    /// <summary><c>google.rpc.Status</c>: its message (field 2) says what is wrong.</summary>
    public static byte[] Status(string message) => Field(2, Encoding.UTF8.GetBytes(message));

    /// <summary><c>Export…ServiceResponse</c> with <c>partial_success</c> (field 1): how many were lost (field 1) and why (field 2).</summary>
    public static byte[] PartialSuccess(int lost, string reason) => Field(1, [1 << 3, .. Varint((ulong)lost), .. Field(2, Encoding.UTF8.GetBytes(reason))]);

    private static byte[] Field(int number, byte[] content) => [(byte)(number << 3 | 2), .. Varint((ulong)content.Length), .. content];

    private static List<byte> Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return bytes;
    }
}
