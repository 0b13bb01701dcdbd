using System.Globalization;
using System.Text;

namespace Orrery.Catalogue.Linting;

/// <summary>One thing wrong with an entry, or one to know.</summary>
/// <param name="Rule">Which rule found it: <c>server-flag</c>.</param>
/// <param name="Severity"><see cref="Severities.Error"/> or <see cref="Severities.Warning"/>.</param>
/// <param name="File">Where the entry is from.</param>
/// <param name="Line">1-based; absent where there is no text.</param>
/// <param name="Field">The field, from the entry's root.</param>
/// <param name="Value">What stands there.</param>
/// <param name="Expectation">What would have been right.</param>
/// <param name="Remedy">What to do about it.</param>
internal sealed record LintFinding(
    string Rule, string Severity, string File, int? Line, int? Column, string Field, string? Value, string Expectation, string? Remedy = null)
{
    /// <summary>As compilers write it, so that editors find the place.</summary>
    public override string ToString() => OneLine(
        $"{(File.StartsWith("::", StringComparison.Ordinal) ? "./" : "")}{File}{(Line is null ? "" : $":{Line}:{Column}")}: {Severity} {Rule}: {(Field.Length > 0 ? Field + " " : "")}{(Value is null ? "" : $"is '{Value}'; ")}"
        + $"{(Expectation.StartsWith("required", StringComparison.Ordinal) ? "is " : "expected ")}{Expectation}" + (Remedy is null ? "" : $". {Remedy}"));

    /// <summary>A file's name and a value may have line ends of their own, and what stands at the beginning of a line is a command to some readers.</summary>
    private static string OneLine(string text)
    {
        var line = new StringBuilder();
        foreach (var sign in text)
        {
            _ = sign switch
            {
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                '\t' => line.Append(' '),
                _ when char.IsControl(sign) || sign is '\u2028' or '\u2029' => line.Append(CultureInfo.InvariantCulture, $"\\u{(int)sign:X4}"),
                _ => line.Append(sign),
            };
        }

        return line.ToString();
    }
}

/// <summary>What the linter says of some entries.</summary>
internal sealed record LintAnswer(int Entries, IReadOnlyList<LintFinding> Findings);

internal static class Severities
{
    /// <summary>It cannot be built, served or deployed as it stands, or says what is not so.</summary>
    public const string Error = "error";

    /// <summary>It works, and should be looked at: an upgrade that would break it, above all.</summary>
    public const string Warning = "warning";
}
