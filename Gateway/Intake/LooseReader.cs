using System.Text.Json;

namespace Orrery.Gateway.Intake;

/// <summary>Compares where nobody has looked at the text before.</summary>
internal static class LooseReader
{
    /// <summary>Whether the name or string here says <paramref name="text"/>. One of half a character, which <see cref="Utf8JsonReader"/> throws at, says nothing.</summary>
    public static bool Says(this ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        try
        {
            return reader.ValueTextEquals(text);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
