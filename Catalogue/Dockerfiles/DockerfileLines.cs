using System.Text;
using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>The lines of a file as instructions have them: directives, comments and blank lines taken out, continued lines joined.</summary>
internal sealed class DockerfileLines(string text, DockerfileFaults faults)
{
    private static readonly string[] DirectiveNames = ["syntax", "escape", "check"];

    private readonly List<DockerfileDirective> _directives = [];
    private int _at = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _line;
    private bool _mayBeDirective = true;

    /// <summary>Continues lines and escapes characters.</summary>
    public char Escape { get; private set; } = '\\';

    public IReadOnlyList<DockerfileDirective> Directives => _directives;

    /// <summary>The number of the line that was read last.</summary>
    public int Line => _line;

    /// <summary>The next instruction's text, trimmed; <c>null</c> at the end.</summary>
    public PlacedText? Next()
    {
        while (ReadLine() is { } raw)
        {
            var line = raw.TrimEnd('\r', '\n');
            var skipped = line.Length - line.TrimStart().Length;
            if (_mayBeDirective)
            {
                ReadDirective(line[skipped..], new Position(_line, skipped + 1));
            }

            if (skipped == line.Length || line[skipped] == '#')
            {
                continue;
            }

            return Continue(line, skipped).Trim();
        }

        return null;
    }

    /// <summary>Lines up to one that is <paramref name="name"/> alone; not terminated where the file ends before that.</summary>
    public (string Content, bool IsTerminated) ReadHeredoc(string name, bool cutsTabs)
    {
        var content = new StringBuilder();
        while (ReadLine() is { } raw)
        {
            var line = cutsTabs ? raw.TrimStart('\t') : raw;
            if (line.AsSpan().TrimEnd("\r\n").SequenceEqual(name))
            {
                return (content.ToString(), true);
            }

            content.Append(line);
        }

        return (content.ToString(), false);
    }

    private PlacedText Continue(string line, int skipped)
    {
        var pieces = new List<PlacedText.Piece>();
        var joined = new StringBuilder();
        var (rest, isContinued) = CutContinuation(line);
        Append(rest, skipped);
        while (isContinued && ReadLine() is { } raw)
        {
            line = raw.TrimEnd('\r', '\n');
            var trimmed = line.AsSpan().TrimStart();
            if (trimmed.IsEmpty)
            {
                faults.Note(
                    "", null, "no empty line within an instruction",
                    "Take the line out, or the continuation before it: the instruction goes on after the empty line.", new Position(_line, 1));
            }
            else if (trimmed[0] != '#')
            {
                (rest, isContinued) = CutContinuation(line);
                Append(rest, 0);
            }
        }

        return PlacedText.Of(joined.ToString(), pieces);

        void Append(string part, int from)
        {
            pieces.Add(new PlacedText.Piece(joined.Length, _line, from, line));
            joined.Append(part.AsSpan(Math.Min(from, part.Length)));
        }
    }

    /// <summary>A line goes on where the escape character is its last one that is no blank, and is not escaped itself.</summary>
    private (string Kept, bool IsContinued) CutContinuation(string line)
    {
        var end = line.AsSpan().TrimEnd(" \t").Length - 1;
        return end >= 0 && line[end] == Escape && (end == 0 || line[end - 1] != Escape) ? (line[..end], true) : (line, false);
    }

    /// <summary>Directives stand before everything else; the first line that is none ends them.</summary>
    private void ReadDirective(string line, Position at)
    {
        if (_line == 1 && line.StartsWith("#!", StringComparison.Ordinal))
        {
            return; // Builders leave it out before they look for directives.
        }

        var equals = line.IndexOf('=', StringComparison.Ordinal);
        var name = equals > 0 && line[0] == '#' ? line[1..equals].Trim().ToLowerInvariant() : "";
        var value = equals > 0 ? line[(equals + 1)..].Trim() : "";
        _mayBeDirective = DirectiveNames.Contains(name) && value.Length > 0;
        if (!_mayBeDirective)
        {
            return;
        }

        if (_directives.Exists(directive => directive.Name == name))
        {
            faults.Add("#" + name, value, "each directive once", "Keep one of the two.", at);
            return;
        }

        _directives.Add(new DockerfileDirective(at, name, value));
        if (name == "escape" && value is not ("\\" or "`"))
        {
            faults.Add("#escape", value, @"\ or `", null, at);
        }
        else if (name == "escape")
        {
            Escape = value[0];
        }
    }

    /// <summary>With its end.</summary>
    private string? ReadLine()
    {
        if (_at >= text.Length)
        {
            return null;
        }

        var end = text.IndexOf('\n', _at);
        var line = text[_at..(end < 0 ? text.Length : end + 1)];
        _at += line.Length;
        _line++;
        return line;
    }
}
