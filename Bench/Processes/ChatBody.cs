using System.Text;

namespace Orrery.Bench.Processes;

/// <summary>Bodies of chat requests.</summary>
internal static class ChatBody
{
    private const int Length = 400;

    /// <summary>400 bytes.</summary>
    /// <param name="chunks">Asks for a stream of so many; 0: for none.</param>
    public static byte[] Of(string model, int chunks = 0, int length = Length)
    {
        var more = chunks == 0 ? "" : $",\"stream\":true,\"max_tokens\":{chunks}";
        var frame = $$"""{"model":"{{model}}","messages":[{"role":"system","content":"Answer briefly."},{"role":"user","content":""}]{{more}}}""";
        return Encoding.UTF8.GetBytes(frame.Replace("\"user\",\"content\":\"", "\"user\",\"content\":\"" + new string('a', Math.Max(0, length - frame.Length)), StringComparison.Ordinal));
    }
}
