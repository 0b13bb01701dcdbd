using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Orrery.Gateway.Authentication;

/// <summary>A token's SHA-256 as a value that dictionaries compare without allocating.</summary>
internal readonly record struct KeyHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>No token is longer; more is not hashed.</summary>
    public const int LongestToken = 256;

    /// <exception cref="FormatException">Not 64 hex digits.</exception>
    public static KeyHash Parse(string hex) => From(Convert.FromHexString(hex));

    public static KeyHash Of(ReadOnlySpan<char> token)
    {
        Span<byte> utf8 = stackalloc byte[LongestToken * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(token, utf8)], hash);
        return From(hash);
    }

    public override int GetHashCode() => (int)A; // The digest is already as random as it gets.

    private static KeyHash From(ReadOnlySpan<byte> hash) => hash.Length == SHA256.HashSizeInBytes
        ? new KeyHash(
            BinaryPrimitives.ReadUInt64LittleEndian(hash),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[24..]))
        : throw new FormatException("A SHA-256 has 64 hex digits.");
}
