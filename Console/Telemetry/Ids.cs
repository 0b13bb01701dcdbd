using System.Globalization;

namespace Orrery.WebConsole.Telemetry;

/// <summary>A trace's id: 16 bytes, not all of them 0.</summary>
public readonly record struct TraceId(UInt128 Value)
{
    public bool IsEmpty => Value == UInt128.Zero;

    /// <summary>Reads 32 hex digits.</summary>
    public static bool TryParse(string? text, out TraceId id)
    {
        var isRead = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && text is { Length: 32 };
        id = new(value);
        return isRead && !id.IsEmpty;
    }

    /// <summary>32 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}

/// <summary>A span's id: 8 bytes; 0 where there is none.</summary>
public readonly record struct SpanId(ulong Value)
{
    public bool IsEmpty => Value == 0;

    /// <summary>16 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
