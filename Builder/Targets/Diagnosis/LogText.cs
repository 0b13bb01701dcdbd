using System.Globalization;
using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>What is quoted of logs: one plain line, without secrets.</summary>
internal static partial class LogText
{
    /// <summary>A screen's width, twice.</summary>
    private const int Longest = 240;

    public static string Shortened(string text, int longest = Longest)
    {
        var plain = string.Concat(Escapes.Replace(text.ReplaceLineEndings(" "), "").Where(sign => !char.IsControl(sign))).Trim();
        return Cut(Masked(plain), longest);
    }

    /// <summary>A line as it is shown to people: with its time, as the API answers it.</summary>
    public static string Of(LogLine line) => (line.At is { } at ? at.ToString("O", CultureInfo.InvariantCulture) + " " : "") + line.Text;

    /// <summary>Without what looks like a secret.</summary>
    public static string Masked(string text) => Secretive.Replace(text, "$1…");

    /// <summary>The line that most likely says why, for what no table knows.</summary>
    public static string? LastWord(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.LastOrDefault(line => ErrorLine.IsMatch(line)) ?? lines.LastOrDefault();
        return line is null ? null : Shortened(line, 160);
    }

    private static string Cut(string text, int longest) => text.Length > longest ? text[..longest] + "…" : text;

    [GeneratedRegex(@"\x1b\[[0-9;]*[A-Za-z]")]
    private static partial Regex Escapes { get; }

    [GeneratedRegex(@"\b(error|exception|fatal|panic|failed|cannot)\b|Error:", RegexOptions.IgnoreCase)]
    private static partial Regex ErrorLine { get; }

    // Tokens of the hub, of access keys, and what follows a word that announces one.
    [GeneratedRegex(@"((?:token|password|secret|api[_-]?key|authorization)[""']?\s*[:=]\s*(?:bearer\s+)?[""']?|\bhf_|\bork_|\bsk-)[^\s""',]{6,}", RegexOptions.IgnoreCase)]
    private static partial Regex Secretive { get; }
}
