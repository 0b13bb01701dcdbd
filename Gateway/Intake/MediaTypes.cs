using System.Buffers;

namespace Orrery.Gateway.Intake;

/// <summary>What a file is.</summary>
internal static class MediaTypes
{
    public const string Unknown = "application/octet-stream";

    /// <summary>So many bytes tell.</summary>
    public const int Telling = 12;

    private const int Longest = 100;

    /// <summary>Of a type and its subtype (RFC 6838 §4.2), but for what none has.</summary>
    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-");

    /// <summary>By its first bytes; where they tell nothing, what its sender says that it is.</summary>
    public static string Of(ReadOnlySpan<byte> beginning, string? declared) =>
        beginning.Length > 4 && beginning[1..4].SequenceEqual("PNG"u8) ? "image/png"
        : beginning.Length > 2 && beginning[0] == 0xFF && beginning[1] == 0xD8 ? "image/jpeg"
        : beginning.Length >= Telling && beginning[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : beginning.Length > 8 && beginning[4..8].SequenceEqual("ftyp"u8) ? "video/mp4"
        : Plain(declared) ?? Unknown;

    /// <summary>Without its parameters; <c>null</c> where it is no type.</summary>
    private static string? Plain(string? declared)
    {
        var type = declared.AsSpan();
        type = (type.IndexOf(';') is var end and >= 0 ? type[..end] : type).Trim();
        var slash = type.IndexOf('/');
        var isType = slash > 0 && slash < type.Length - 1 && type.Length <= Longest && !type[..slash].ContainsAnyExcept(Characters) && !type[(slash + 1)..].ContainsAnyExcept(Characters);
        return isType ? type.ToString() : null;
    }
}
