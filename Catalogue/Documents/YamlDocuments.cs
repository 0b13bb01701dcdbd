using Orrery.Contracts;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orrery.Catalogue.Documents;

/// <summary>Reads YAML (one document or several between <c>---</c>) into <see cref="DocumentNode"/>s.</summary>
/// <remarks>From the parser's events and not through its object model, which keeps no places and types scalars by YAML 1.1.</remarks>
internal sealed class YamlDocuments
{
    private readonly Parser _parser;
    private readonly Dictionary<string, (DocumentNode Node, int Size, long Length)> _anchors = new(StringComparer.Ordinal);
    private readonly FieldErrorList _errors;
    private readonly string _text;
    private string[]? _lines;
    private int _aliased;
    private int _size;
    private long _aliasedLength;
    private long _length;

    private YamlDocuments(string text, FieldErrorList errors)
    {
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
        _errors = errors;
        _text = text;
    }

    /// <summary>The documents that are not empty. Faults go to <paramref name="errors"/>; the first fault of syntax ends the reading.</summary>
    public static List<DocumentNode> Read(string text, FieldErrorList errors)
    {
        var documents = new List<DocumentNode>();
        var reader = new YamlDocuments(text, errors);
        try
        {
            reader.ReadStream(documents);
        }
        catch (YamlException error)
        {
            var tab = TabIn(text);
            errors.Add(
                documents.Count, new FieldError("", null, "well-formed YAML: " + error.Message, tab is null ? RemedyOf(text) : "A tab indents this line. YAML is indented with blanks."),
                tab is { } at && at.Line >= error.Start.Line ? at : At(error.Start));
        }
        catch (UnreadableDocumentException error)
        {
            errors.Add(documents.Count, new FieldError("", null, error.Message, error.Remedy), error.At);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidOperationException)
        {
            // The scanner answers some malformed escapes ("\ud800x") and directives with these instead of its own exception.
            errors.Add(documents.Count, new FieldError("", null, "well-formed YAML: brackets and quotation marks that are closed, escapes that together make a character, directives with numbers in range", "Look at what comes before this place."), reader.Here);
        }

        return documents;
    }

    /// <summary>The end of what has been understood.</summary>
    private Position Here => _parser.Current is { } current ? At(current.End) : new Position(1, 1);

    private void ReadStream(List<DocumentNode> documents)
    {
        _parser.Consume<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            _parser.Consume<DocumentStart>();
            _anchors.Clear();
            _errors.Document = documents.Count;
            var node = ReadNode(depth: 1);
            _parser.Consume<DocumentEnd>();
            if (node is not ScalarNode { Kind: ScalarKind.Null })
            {
                documents.Add(node);
            }
        }
    }

    private DocumentNode ReadNode(int depth)
    {
        var next = _parser.Current ?? throw new UnreadableDocumentException("a value", new Position(1, 1));
        if (depth > DocumentLimits.MaxDepth)
        {
            throw new UnreadableDocumentException(DocumentLimits.DepthExpectation, At(next.Start));
        }

        if (next is AnchorAlias alias)
        {
            return Repeat(alias);
        }

        var (before, lengthBefore) = (_size++, _length);
        var anchor = (next as NodeEvent)?.Anchor ?? AnchorName.Empty;
        DocumentNode node = next switch
        {
            Scalar scalar => ReadScalar(scalar),
            SequenceStart => ReadSequence(depth),
            MappingStart => ReadMapping(depth),
            _ => throw new UnreadableDocumentException("a value", At(next.Start)),
        };
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = (node, _size - before, _length - lengthBefore);
        }

        return node;
    }

    private DocumentNode Repeat(AnchorAlias alias)
    {
        _parser.MoveNext();
        if (!_anchors.TryGetValue(alias.Value.Value, out var anchored))
        {
            throw new UnreadableDocumentException($"an anchor &{alias.Value} before the alias *{alias.Value}", At(alias.Start));
        }

        _aliased += anchored.Size;
        _size += anchored.Size;
        if (_aliased > DocumentLimits.MaxAliasedNodes)
        {
            throw new UnreadableDocumentException(
                $"aliases that repeat at most {DocumentLimits.MaxAliasedNodes} values in all", At(alias.Start), "Write the values out, or split the request.");
        }

        _aliasedLength += anchored.Length;
        _length += anchored.Length;
        return _aliasedLength <= DocumentLimits.MaxAliasedCharacters
            ? anchored.Node with { At = At(alias.Start) }
            : throw new UnreadableDocumentException(
                $"aliases that repeat at most {DocumentLimits.MaxAliasedCharacters} characters in all", At(alias.Start), "Write the values out, or split the request.");
    }

    private ScalarNode ReadScalar(Scalar scalar)
    {
        _parser.MoveNext();
        _length += scalar.Value.Length;
        var at = At(scalar.Start);
        var tag = scalar.Tag.IsEmpty ? "" : scalar.Tag.Value;
        if (tag is not ("" or "!" or "tag:yaml.org,2002:str"))
        {
            throw new UnreadableDocumentException($"a value without the tag {tag}", at, "Leave the tag out; only !!str is understood.");
        }

        var isPlain = scalar.Style == ScalarStyle.Plain && tag.Length == 0;
        var (kind, value) = isPlain ? YamlScalar.Read(scalar.Value) : (ScalarKind.Text, scalar.Value);
        return new ScalarNode(at, kind, value, scalar.Value) { TextAt = TextAt(scalar, at) };
    }

    /// <summary>Where the text of a value begins that stands there character by character.</summary>
    private Position? TextAt(Scalar scalar, Position at)
    {
        switch (scalar.Style)
        {
            case ScalarStyle.Plain:
                return at;
            case ScalarStyle.SingleQuoted when !scalar.Value.Contains('\'', StringComparison.Ordinal):
            case ScalarStyle.DoubleQuoted when scalar.End.Column - scalar.Start.Column == scalar.Value.Length + 2:
                return at with { Column = at.Column + 1 };
            case ScalarStyle.Literal:
                _lines ??= _text.Split('\n');
                var first = scalar.Value.Split('\n').FirstOrDefault(line => line.Trim().Length > 0);
                var written = _lines.Skip(at.Line).FirstOrDefault(line => line.Trim().Length > 0)?.TrimEnd('\r');
                return first is not null && written?.EndsWith(first, StringComparison.Ordinal) is true ? new Position(at.Line + 1, written.Length - first.Length + 1) : null;
            default:
                return null;
        }
    }

    private SequenceNode ReadSequence(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<DocumentNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new SequenceNode(At(start.Start), items);
    }

    private MappingNode ReadMapping(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new List<MappingEntry>();
        var seen = new Dictionary<string, Position>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var keyAt = At(_parser.Current!.Start);
            if (!_parser.TryConsume<Scalar>(out var key))
            {
                throw new UnreadableDocumentException("a name as the key of a mapping, not a list, a mapping or an alias", keyAt);
            }

            _length += key.Value.Length;
            var value = ReadNode(depth + 1);
            if (!seen.TryAdd(key.Value, keyAt))
            {
                _errors.AddDuplicate(key.Value, seen[key.Value], keyAt);
                continue;
            }

            entries.Add(new MappingEntry(key.Value, keyAt, value));
        }

        return new MappingNode(At(start.Start), entries);
    }

    /// <summary>The first line that a tab indents: the parser tells another place of it.</summary>
    private static Position? TabIn(string text)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var indent = line[..(line.Length - line.TrimStart(" \t").Length)];
            if (indent.Contains('\t'))
            {
                return new Position(number, indent.IndexOf('\t') + 1);
            }
        }

        return null;
    }

    /// <summary>What people write in other systems' documents and YAML does not read.</summary>
    private static string? RemedyOf(string text) =>
        text.Contains("${", StringComparison.Ordinal) ? "A value with ${…} between braces or brackets needs quotes around it, or a line of its own." : null;

    private static Position At(Mark mark) => new((int)mark.Line, (int)mark.Column);
}
