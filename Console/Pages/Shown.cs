using System.Globalization;

namespace Orrery.WebConsole.Pages;

/// <summary>Numbers and times as people read them; the same everywhere.</summary>
internal static class Shown
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary><c>412 µs</c>, <c>12.3 ms</c>, <c>1.24 s</c>, <c>2 m 03 s</c>, <c>1 h 05 m</c>.</summary>
    public static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 0.001 => string.Create(Culture, $"{duration.TotalMicroseconds:0} µs"),
        < 1 => string.Create(Culture, $"{Three(duration.TotalMilliseconds)} ms"),
        < 60 => string.Create(Culture, $"{Three(duration.TotalSeconds)} s"),
        < 3600 => string.Create(Culture, $"{(int)duration.TotalMinutes} m {duration.Seconds:00} s"),
        _ => string.Create(Culture, $"{(int)duration.TotalHours} h {duration.Minutes:00} m"),
    };

    /// <summary>With thin thousands: <c>12 345</c>.</summary>
    public static string Count(long count) => count.ToString("#,0", Culture).Replace(',', '\u202f');

    /// <summary><c>512 B</c>, <c>1.5 KB</c>, <c>300 MB</c>; by 1,024.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit < units.Length - 1)
        {
            (value, unit) = (value / 1024, unit + 1);
        }

        return $"{Three(value)} {units[unit]}";
    }

    /// <summary>Three figures that mean something, with a letter above a thousand: <c>0.012</c>, <c>3.4</c>, <c>12.3</c>, <c>1.2k</c>.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e9 => Three(value / 1e9) + "G",
        >= 1e6 => Three(value / 1e6) + "M",
        >= 1e4 => Three(value / 1e3) + "k",
        >= 1 or 0 => Three(value),
        _ => value.ToString("0.####", Culture),
    };

    /// <summary>In the unit of an OpenTelemetry instrument.</summary>
    public static string Quantity(double value, string unit) => !double.IsFinite(value) ? "–" : unit switch
    {
        "s" => Duration(TimeSpan.FromSeconds(Math.Clamp(value, 0, 1e9))),
        "ms" => Duration(TimeSpan.FromMilliseconds(Math.Clamp(value, 0, 1e12))),
        "By" => Bytes((long)Math.Clamp(value, 0, 9e18)),
        "%" => Three(value) + " %",
        "1" or "" => Number(value),
        ['{', .., '}'] => $"{Number(value)}",
        _ => $"{Number(value)} {unit}",
    };

    /// <summary>UTC: <c>14:03:07.123</c>.</summary>
    public static string Clock(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss.fff", Culture);

    /// <summary>UTC: <c>2026-11-20 14:03:07.123Z</c>.</summary>
    public static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", Culture);

    private static string Three(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("0", Culture),
        >= 10 => value.ToString("0.#", Culture),
        _ => value.ToString("0.##", Culture),
    };
}
