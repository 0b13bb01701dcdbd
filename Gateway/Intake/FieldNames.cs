using System.Text.Json;

namespace Orrery.Gateway.Intake;

/// <summary>
/// Names that some servers take for others. Go's JSON reader does not tell <c>Model</c> from <c>model</c> and believes the last, so Ollama or LocalAI would answer with
/// another model than the one that was allowed, or stream what nobody asked to be streamed.
/// </summary>
internal static class FieldNames
{
    private static readonly string[] Deciding = ["model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n"];

    /// <summary>The name that the property <paramref name="reader"/> stands on, whose own it is not, may be taken for.</summary>
    public static string? MistakenFor(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped && !reader.ValueSpan.ContainsAnyInRange((byte)'A', (byte)'Z') && !reader.ValueSpan.ContainsAnyExceptInRange((byte)0, (byte)0x7f))
        {
            return null;
        }

        // The long s and the sign for kelvin are letters of the alphabet to Go.
        var name = (reader.GetString() ?? "").Replace('\u017f', 's').Replace('\u212a', 'k');
        return Array.Find(Deciding, one => one.Equals(name, StringComparison.OrdinalIgnoreCase));
    }
}
