using System.Text;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Exchange;

/// <summary>Reads a JavaScript (or TypeScript) object literal, or an array of them, as it stands in a source file. Parsed, never evaluated.</summary>
/// <remarks>
/// Everything that only running the text could tell is refused with its place: names, calls, functions, spread.
/// A refused value is left out and the reading goes on after it, so that all faults are told at once; a bracket or a quote that is not closed ends it.
/// </remarks>
internal sealed partial class JavaScriptDocuments
{
    private const string NeverEvaluated = "The text is parsed, never evaluated: write the value itself.";
    private static readonly DocumentNode Absent = new ScalarNode(new Position(1, 1), ScalarKind.Null, "", "undefined");

    private readonly JavaScriptSource _source;
    private readonly JavaScriptStrings _strings;
    private readonly JavaScriptSkipping _skipping;
    private readonly FieldErrorList _errors;
    private readonly List<(string Name, bool IsIndex)> _path = [];
    private int _faults;
    private int _depth;

    private JavaScriptDocuments(string text, FieldErrorList errors)
    {
        _source = new JavaScriptSource(text);
        _skipping = new JavaScriptSkipping(_source);
        _strings = new JavaScriptStrings(_source, ReadSubstitution, (expectation, remedy, at) => Fault(null, expectation, remedy, at));
        _errors = errors;
    }

    /// <summary>The literal; <c>null</c> when there is none that can be read to its end. The faults are in <paramref name="errors"/>.</summary>
    public static DocumentNode? Read(string text, FieldErrorList errors)
    {
        if (text.Length > DocumentLimits.MaxBytes || Encoding.UTF8.GetByteCount(text) > DocumentLimits.MaxBytes)
        {
            errors.Add(0, new FieldError("", null, $"at most {DocumentLimits.MaxBytes / 1024 / 1024} MB of text"), new Position(1, 1));
            return null;
        }

        try
        {
            return new JavaScriptDocuments(text, errors).ReadWhole();
        }
        catch (UnreadableDocumentException error)
        {
            errors.Add(0, new FieldError("", null, error.Message, error.Remedy), error.At);
            return null;
        }
    }

    private DocumentNode? ReadWhole()
    {
        SkipDeclaration();
        var at = _source.Here;
        var node = ReadValue();
        _source.SkipBlanks();
        _source.Take(';');
        _source.SkipBlanks();
        if (!_source.IsAtEnd && node is ScalarNode && _faults == 0)
        {
            Fault(null, "an object literal, or an array of them, and no statement before it", "Write the value where it is used. " + NeverEvaluated, at);
        }
        else if (!_source.IsAtEnd)
        {
            Fault(
                _source.Current.ToString(), "nothing after the literal",
                "Paste one object, or one array of objects, without other statements. " + NeverEvaluated, _source.Here);
        }

        if (node is ScalarNode && _faults == 0)
        {
            Fault(null, "an object literal, or an array of them", $"There is {node.Describe()} now.", at);
        }

        return node is ScalarNode ? null : node;
    }

    private void Require(char sign, string expectation)
    {
        if (!TakeSign(sign))
        {
            throw new UnreadableDocumentException(expectation, _source.Here);
        }

        _source.SkipBlanks();
    }

    private bool TakeWord(string word)
    {
        var isThere = _source.TakeName(word);
        _source.SkipBlanks();
        return isThere;
    }

    private bool TakeSign(char sign)
    {
        _source.SkipBlanks();
        return _source.Take(sign);
    }

    private void RequireMore(Position at, char opening, char closing)
    {
        if (_source.IsAtEnd)
        {
            throw new UnreadableDocumentException($"a '{closing}' that closes the '{opening}'", at, "The text ends before it.");
        }
    }

    private void TakeComma(char closing)
    {
        _source.SkipBlanks();
        if (_source.IsAtEnd || _source.Current == closing || _source.Take(','))
        {
            return;
        }

        var (sign, at) = (_source.Current, _source.Here);
        if (sign is '}' or ']' or ')')
        {
            throw new UnreadableDocumentException(
                $"a ',' or a '{closing}', and no '{sign}'", at, "Brackets are closed in the order in which they were opened, each by its own.");
        }

        Fault(null, $"a ',' or a '{closing}'", null, at);
        _source.Take(';');
    }

    /// <summary>What stands within <c>${…}</c> of a template.</summary>
    private string ReadSubstitution()
    {
        var at = _source.PositionOf(_source.At - 1);
        _source.At++;
        _source.SkipBlanks();
        var (start, faults, sign) = (_source.At, _faults, _source.Current);
        var value = sign switch
        {
            '"' or '\'' => new ScalarNode(at, ScalarKind.Text, _strings.ReadString(), ""),
            '-' => ReadSigned(at),
            _ => char.IsAsciiDigit(sign) ? ReadNumber(at, isNegative: false) : Absent,
        };
        if (!ReferenceEquals(value, Absent) && TakeSign('}'))
        {
            return ((ScalarNode)value).Value;
        }

        if (_faults == faults)
        {
            Fault(
                null, "a plain text or number within ${…}: the text is parsed, never evaluated",
                @"Write the value itself in its place; for the characters ${ write \${.", at);
        }

        _source.At = start;
        do
        {
            _skipping.SkipExpression();
        }
        while (!_source.IsAtEnd && _source.Text[_source.At++] != '}');
        return "";
    }

    private DocumentNode Refused(Position at, string? value, string expectation, string? remedy)
    {
        Fault(value, expectation, remedy, at);
        return Absent;
    }

    private void Fault(string? value, string expectation, string? remedy, Position at)
    {
        var path = _path.Aggregate("", (path, part) => part.IsIndex ? path + part.Name : PathMap.Join(path, part.Name));
        _errors.Add(0, new FieldError(path, value is { Length: > 80 } ? string.Concat(value.AsSpan(0, 77), "...") : value, expectation, remedy), at);
        if (++_faults >= DocumentLimits.MaxErrors)
        {
            throw new UnreadableDocumentException($"fewer than {DocumentLimits.MaxErrors} faults", at, "What comes after this place was not read.");
        }
    }
}
