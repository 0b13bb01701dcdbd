using System.Text.RegularExpressions;
using Orrery.Expressions;

namespace Orrery.Contracts.Expressions;

/// <summary>Says a mistake of an expression as a fault of its field: what stands there, what may stand there and where, and what to do about it.</summary>
internal static partial class ExpressionMistakes
{
    private const string Suggestion = "; did you mean ";

    /// <summary>Sampling that some engines know and OpenAI's API does not.</summary>
    private static readonly string[] EnginesOwn =
        ["top_k", "min_p", "top_a", "typical_p", "repetition_penalty", "length_penalty", "min_tokens", "stop_token_ids", "ignore_eos", "use_beam_search", "chat_template_kwargs"];

    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["and"] = "Write &&.",
        ["or"] = "Write ||.",
        ["not"] = "Write ! before it.",
        ["is"] = "Write ==.",
        ["None"] = "Write null.",
        ["nil"] = "Write null.",
        ["undefined"] = "Write null; has(x.name) says whether there is a name.",
        ["True"] = "Write true.",
        ["False"] = "Write false.",
    };

    private static readonly Dictionary<string, string> Functions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["upper"] = "upperAscii",
        ["toUpper"] = "upperAscii",
        ["toUpperCase"] = "upperAscii",
        ["lower"] = "lowerAscii",
        ["toLower"] = "lowerAscii",
        ["toLowerCase"] = "lowerAscii",
        ["strip"] = "trim",
        ["length"] = "size",
        ["len"] = "size",
        ["count"] = "size",
        ["includes"] = "contains",
        ["str"] = "string",
        ["toString"] = "string",
        ["some"] = "exists",
        ["any"] = "exists",
        ["every"] = "all",
        ["max"] = "math.greatest",
        ["min"] = "math.least",
    };

    /// <param name="otherwise">Where nothing better is known.</param>
    /// <param name="offset">So many characters of the field stand before the expression.</param>
    public static void AddMistake(this FieldErrors errors, string field, string source, CompileError mistake, string? otherwise = null, int offset = 0)
    {
        var expected = mistake.Expected;
        string? suggested = null;
        if (expected.IndexOf(Suggestion, StringComparison.Ordinal) is var at and >= 0)
        {
            (expected, suggested) = (expected[..at], "Did you mean " + expected[(at + Suggestion.Length)..]);
        }

        errors.AddWithin(
            field, mistake.Found, FormattableString.Invariant($"{expected} at line {mistake.Line}, column {mistake.Column} of the expression: {mistake.Problem}"),
            Remedy(source, mistake) ?? suggested ?? otherwise, mistake.Line, mistake.Line == 1 ? mistake.Column + offset : mistake.Column);
    }

    /// <summary>What is written in other languages, and what it is here.</summary>
    private static string? Remedy(string source, CompileError mistake)
    {
        var line = source.Split('\n').ElementAtOrDefault(mistake.Line - 1) ?? "";
        var place = Math.Clamp(mistake.Column - 1, 0, line.Length);
        var (before, rest) = (line[..place], line[place..]);
        var found = mistake.Found.Trim('\'', '"', '.');
        if (rest.StartsWith('?') && (rest.StartsWith("??", StringComparison.Ordinal) || before.EndsWith('?')))
        {
            return "There is no '??'. Write a == null ? b : a, or has(a.name) ? a.name : b.";
        }

        if (rest.StartsWith("?.", StringComparison.Ordinal))
        {
            return "There is no '?.'. Write has(a.name) ? a.name : null.";
        }

        if (rest.StartsWith("=>", StringComparison.Ordinal) || (rest.StartsWith('>') && before.EndsWith('=')))
        {
            return "There are no arrows. Write list.map(x, x.name), list.filter(x, x.size > 1).";
        }

        if (rest.StartsWith("===", StringComparison.Ordinal) || (rest.StartsWith('=') && before.EndsWith("==", StringComparison.Ordinal)))
        {
            return "Write ==.";
        }

        if (mistake.Problem == "unknown name" && Key().IsMatch(rest) && IsInMap(before, line, source, mistake.Line))
        {
            return $"Keys are written in quotes: '{found}'.";
        }

        if (Words.TryGetValue(found, out var word))
        {
            return word;
        }

        if (mistake.Problem == "unknown function" && Functions.TryGetValue(found, out var function))
        {
            return $"Did you mean '{function}'?";
        }

        if (mistake.Problem == "unknown member of request" && EnginesOwn.Contains(found))
        {
            return $"What is none of OpenAI's fields is in extra: has(request.extra.{found}) ? request.extra.{found} : null.";
        }

        return DashedHeader().Match(line) is { Success: true } header && header.Index <= place && header.Index + header.Length >= place
            ? $"A name with a dash stands in brackets: {header.Groups["of"].Value}['{header.Groups["name"].Value}']."
            : null;
    }

    /// <summary>A brace or a comma stands before it, on this line or at the end of an earlier one.</summary>
    private static bool IsInMap(string before, string line, string source, int number)
    {
        var all = string.Concat(string.Join('\n', source.Split('\n').Take(number - 1)), "\n", before).TrimEnd();
        return line.Length > 0 && (all.EndsWith('{') || all.EndsWith(','));
    }

    [GeneratedRegex(@"^\w+\s*:")]
    private static partial Regex Key();

    [GeneratedRegex(@"(?<of>request\.headers)\.(?<name>\w+(-\w+)+)")]
    private static partial Regex DashedHeader();
}
