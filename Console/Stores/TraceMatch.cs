using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>A filter made ready for many traces.</summary>
internal readonly struct TraceMatch(TraceFilter filter)
{
    /// <summary>What can be part of an id at all; most searches cannot, and are spared writing every id.</summary>
    private readonly string? _partOfId = filter.Text is { Length: <= 32 } text && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : null;

    public TraceFilter Filter => filter;

    public bool IsInId(TraceId id)
    {
        if (_partOfId is null)
        {
            return false;
        }

        Span<char> digits = stackalloc char[32];
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, id.Value);
        return Convert.TryToHexStringLower(bytes, digits, out _) && digits.IndexOf(_partOfId) >= 0;
    }
}
