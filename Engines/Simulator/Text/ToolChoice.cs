using System.Text.Json;

namespace Orrery.Simulator.Text;

internal enum ToolChoiceMode
{
    None,
    Auto,
    Required,
    Named,
}

/// <summary>
/// Decides which tools an answer calls. With <c>auto</c>: only when the user spoke last, and only tools whose name, or a word of it, or two words
/// of whose description the user used; the best match first, else as
/// declared. With <c>required</c>: those, or else the first tool.
/// </summary>
internal static class ToolChoice
{
    private const int MostCalls = 4;
    private const int ShortestWord = 4;
    private const int NameScore = 1_000;

    public static IReadOnlyList<Tool> Decide(IReadOnlyList<Tool> tools, ToolChoiceMode mode, string? named, bool allowsSeveral, ChatMessage last)
    {
        if (mode == ToolChoiceMode.None)
        {
            return [];
        }

        if (mode == ToolChoiceMode.Named)
        {
            return [.. tools.Where(tool => tool.Name == named).Take(1)];
        }

        var matches = last.Role == "user" || mode == ToolChoiceMode.Required ? Matches(tools, last.Text) : [];
        if (matches.Count == 0 && mode == ToolChoiceMode.Required)
        {
            matches = [tools[0]];
        }

        return allowsSeveral ? matches : [.. matches.Take(1)];
    }

    /// <summary>Arguments that <paramref name="tool"/>'s schema accepts, or why there are none.</summary>
    public static (string? Arguments, string? Fault) Arguments(Tool tool, Random random, IReadOnlyList<string> topics)
    {
        var isSchema = tool.Parameters is { ValueKind: JsonValueKind.Object } parameters && parameters.EnumerateObject().Any();
        return isSchema ? SchemaSampler.Sample(tool.Parameters!.Value, random, topics) : ("{}", null);
    }

    private static List<Tool> Matches(IReadOnlyList<Tool> tools, string text)
    {
        var words = Words(text);
        return [.. tools
            .Select(tool => (Tool: tool, Score: Score(tool, text, words)))
            .Where(match => match.Score >= 2)
            .OrderByDescending(match => match.Score)
            .Take(MostCalls)
            .Select(match => match.Tool)];
    }

    private static int Score(Tool tool, string text, HashSet<string> words)
    {
        return text.Contains(tool.Name, StringComparison.OrdinalIgnoreCase)
            ? NameScore
            : (2 * Words(tool.Name).Count(words.Contains)) + Words(tool.Description).Count(words.Contains);
    }

    /// <summary>Words of four letters and more, lower case; <c>camelCase</c> and <c>snake_case</c> are taken apart.</summary>
    private static HashSet<string> Words(string text)
    {
        var words = new HashSet<string>();
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            var endsWord = i == text.Length || !char.IsLetter(text[i]) || (i > start && char.IsUpper(text[i]) && char.IsLower(text[i - 1]));
            if (!endsWord)
            {
                continue;
            }

            if (i - start >= ShortestWord)
            {
                words.Add(text[start..i].ToLowerInvariant());
            }

            start = i < text.Length && char.IsLetter(text[i]) ? i : i + 1;
        }

        return words;
    }
}
