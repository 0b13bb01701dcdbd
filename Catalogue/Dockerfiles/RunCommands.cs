using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Dockerfiles;

internal sealed record PlacedCommand(ShellCommand Command, Position At);

/// <summary>The commands of a RUN, wherever they stand: its text, its heredocs, its exec form, and what is given to <c>sh -c</c>.</summary>
internal static class RunCommands
{
    private const int MaxDepth = 3;

    public static IReadOnlyList<PlacedCommand> Of(Instruction run)
    {
        var commands = new List<PlacedCommand>();
        if (run.IsExecForm)
        {
            var at = run.Arguments.Count > 0 ? run.Arguments[0].At : run.At;
            Add(new ShellCommand([.. run.Arguments.Select(argument => argument.Value)], 0, IsPiped: false), _ => at, MaxDepth, commands);
            return commands;
        }

        Add(run.Text.Value, run.Text.At, MaxDepth, commands);

        // RUN python3 <<EOF gives its lines to Python; only a heredoc on its own, or a shell's, has commands.
        var isScript = commands.Count == 0 || commands[0].Command.Bare.All(word => word.Contains("<<", StringComparison.Ordinal))
            || commands[0].Command.Program is "sh" or "bash" or "dash" or "ash" or "zsh";
        foreach (var heredoc in isScript ? run.Heredocs : [])
        {
            var lineEnds = LineEnds(heredoc.Content);
            Add(heredoc.Content, offset => new Position(heredoc.FirstLine + LinesBefore(lineEnds, offset), 1), MaxDepth, commands);
        }

        return commands;
    }

    private static List<int> LineEnds(string text) => [.. Enumerable.Range(0, text.Length).Where(at => text[at] == '\n')];

    private static int LinesBefore(List<int> lineEnds, int offset) => lineEnds.BinarySearch(offset) is >= 0 and var at ? at : ~lineEnds.BinarySearch(offset);

    private static void Add(string text, Func<int, Position> at, int depth, List<PlacedCommand> commands)
    {
        foreach (var command in ShellScript.Commands(text))
        {
            Add(command, at, depth, commands);
        }
    }

    private static void Add(ShellCommand command, Func<int, Position> at, int depth, List<PlacedCommand> commands)
    {
        var place = at(command.Offset);
        commands.Add(new PlacedCommand(command, place));
        if (depth > 0 && command.Program is "sh" or "bash" or "dash" or "ash" or "zsh" && Script(command.Bare) is { } script)
        {
            Add(script, _ => place, depth - 1, commands);
        }
    }

    /// <summary>The word after <c>-c</c>, or after letters that end with it: <c>-lc</c>.</summary>
    private static string? Script(IReadOnlyList<string> words)
    {
        for (var i = 1; i + 1 < words.Count; i++)
        {
            if (words[i] is ['-', not '-', ..] && words[i].EndsWith('c'))
            {
                return words[i + 1];
            }
        }

        return null;
    }
}
