using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>What texts take in memory, in bytes, estimated: keys and names are shared and count as a reference.</summary>
internal static class TextSize
{
    public static long Of(string text) => text.Length == 0 ? 0 : 24 + 2L * text.Length;

    public static long Of(Tag[] tags)
    {
        var size = 24L + 16L * tags.Length;
        foreach (var tag in tags)
        {
            size += Of(tag.Value);
        }

        return size;
    }
}
