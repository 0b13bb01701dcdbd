using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>What texts take in memory, in bytes, estimated: short keys and names are shared and count as a reference, long ones are not.</summary>
internal static class TextSize
{
    private const int LongestShared = 96;

    public static long Of(string text) => text.Length == 0 ? 0 : 24 + 2L * text.Length;

    /// <summary>A name that many share, unless it is too long to be shared (see <see cref="Otlp.TextCache"/>).</summary>
    public static long OfName(string name) => name.Length <= LongestShared ? 8 : Of(name);

    public static long Of(Span span) =>
        240 + OfName(span.Name) + OfName(span.Scope) + Of(span.Tags) + Of(span.StatusMessage) + span.Events.Sum(happened => 80 + OfName(happened.Name) + Of(happened.Tags));

    public static long Of(LogRecord entry) => 160 + OfName(entry.Category) + OfName(entry.EventName) + Of(entry.Body) + Of(entry.Tags);

    public static long Of(Tag[] tags)
    {
        var size = 24L + 16L * tags.Length;
        foreach (var tag in tags)
        {
            size += Of(tag.Value) + OfName(tag.Key);
        }

        return size;
    }
}
