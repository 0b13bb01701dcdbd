using System.Globalization;
using System.Text;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Exchange;

/// <summary>Reads a JavaScript (or TypeScript) object literal, or an array of them, as it stands in a source file. Parsed, never evaluated.</summary>
/// <remarks>
/// Everything that only running the text could tell is refused with its place: names, calls, functions, spread.
/// A refused value is left out and the reading goes on after it, so that all faults are told at once; a bracket or a quote that is not closed ends it.
/// </remarks>
internal sealed class JavaScriptDocuments
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

    /// <summary><c>export default</c>, <c>module.exports =</c>, <c>export const models: Model[] =</c>, or nothing.</summary>
    private void SkipDeclaration()
    {
        _source.SkipBlanks();
        var (start, at) = (_source.At, _source.Here);
        var isExported = TakeWord("export");
        if (isExported && TakeWord("default"))
        {
            return;
        }

        if (TakeWord("const") || TakeWord("let") || TakeWord("var"))
        {
            SkipName(at);
        }
        else if (!isExported && (TakeWord("module") || TakeWord("exports")))
        {
            while (TakeSign('.'))
            {
                _source.TakeName();
                _source.SkipBlanks();
            }

            Require('=', "'=' and the literal after module.exports");
        }
        else if (isExported || _source.PeekName() is "import" or "interface" or "type" or "class" or "function" or "async" or "if" or "for" or "return")
        {
            _source.At = start;
            throw new UnreadableDocumentException(
                "an object literal, or an array of them", at,
                "Paste the literal alone, or after export default, module.exports = or const name =. " + NeverEvaluated);
        }
    }

    private void SkipName(Position at)
    {
        if (_source.TakeName().Length == 0)
        {
            throw new UnreadableDocumentException("a name after const, let or var", at, "A pattern takes the literal apart; " + NeverEvaluated);
        }

        if (TakeSign(':') && !_skipping.SkipType())
        {
            throw new UnreadableDocumentException("a type after the ':'", _source.Here);
        }

        Require('=', "'=' and the literal after the name");
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

    /// <summary>A value with what may stand after it; ends before the comma or the bracket.</summary>
    /// <returns><see cref="Absent"/> for what is refused, and for undefined.</returns>
    private DocumentNode ReadValue()
    {
        _source.SkipBlanks();
        var (faults, node) = (_faults, ReadSum());
        for (_source.SkipBlanks(); _source.TakeName("as") || _source.TakeName("satisfies"); _source.SkipBlanks())
        {
            if (!_skipping.SkipType())
            {
                Fault(null, "a type after as or satisfies", null, _source.Here);
            }
        }

        if (IsEndOfValue())
        {
            return node;
        }

        // What belongs to a value that is refused already needs no fault of its own.
        if (_faults == faults)
        {
            RefuseRest();
        }

        _skipping.SkipExpression();
        return Absent;
    }

    private bool IsEndOfValue() => _source.IsAtEnd || _source.Current is ',' or ';' or '}' or ']' or ')' || BeginsValue();

    /// <summary>Where a comma is lost, the next value or member begins: it is told there.</summary>
    private bool BeginsValue() => _source.Current is '"' or '\'' or '{' || JavaScriptSource.IsNameStart(_source.Current) || char.IsAsciiDigit(_source.Current);

    private void RefuseRest()
    {
        var (at, sign) = (_source.Here, _source.Current);
        var expectation = sign switch
        {
            '(' or '`' => "a plain value, and no call",
            '.' or '[' or '?' => "a plain value, and nothing that is done with it",
            _ => "a plain value, and no calculation",
        };
        Fault(
            sign.ToString(), expectation,
            sign == '.' ? "Only .trim(), .trimStart() and .trimEnd() after a text are understood. " + NeverEvaluated : NeverEvaluated, at);
    }

    /// <summary>Texts and numbers with '+' between them are one text.</summary>
    private DocumentNode ReadSum()
    {
        var (faults, node) = (_faults, ReadTerm());
        if (!IsPlus())
        {
            return node;
        }

        var (text, isText) = (new StringBuilder(), IsText(node));
        Append(text, node);
        while (IsPlus())
        {
            _source.Take('+');
            _source.SkipBlanks();
            var at = _source.Here;
            var next = ReadTerm();
            if (!isText && !IsText(next))
            {
                if (_faults == faults)
                {
                    Fault(null, "texts with '+' between them, and no calculation", NeverEvaluated, at);
                }

                _skipping.SkipExpression();
                return Absent;
            }

            isText = true;
            if (!Append(text, next) && _faults == faults)
            {
                Fault(null, "texts and numbers with '+' between them", $"There is {next.Describe()} here.", at);
            }
        }

        return new ScalarNode(node.At, ScalarKind.Text, text.ToString(), text.ToString());

        bool IsPlus()
        {
            _source.SkipBlanks();
            return _source.Current == '+' && _source.Next is not ('+' or '=');
        }
    }

    private static bool IsText(DocumentNode node) => node is ScalarNode { Kind: ScalarKind.Text };

    private static bool Append(StringBuilder text, DocumentNode node)
    {
        if (node is not ScalarNode { Kind: ScalarKind.Text or ScalarKind.Number } scalar)
        {
            return false;
        }

        text.Append(scalar.Value);
        return true;
    }

    private DocumentNode ReadTerm()
    {
        if (_source.IsAtEnd)
        {
            throw new UnreadableDocumentException("a value", _source.Here, "The text ends here.");
        }

        var (at, sign) = (_source.Here, _source.Current);
        switch (sign)
        {
            case '{':
                return Nested(at, ReadObject);
            case '[':
                return Nested(at, ReadArray);
            case '(' when _skipping.IsFunction():
                _skipping.SkipExpression();
                return Refused(at, "(", "a plain value, and no function", NeverEvaluated);
            case '(':
                return Nested(at, ReadInBrackets);
            case '"' or '\'':
                return Trimmed(at, _strings.ReadString());
            case '`':
                return Trimmed(at, _strings.ReadTemplate());
            case '-' or '+':
                return ReadSigned(at);
            case >= '0' and <= '9' or '.' when sign != '.' || char.IsAsciiDigit(_source.Next):
                return ReadNumber(at, isNegative: false);
            case '/':
                _skipping.SkipExpression();
                return Refused(at, "/", "a plain value, and no regular expression", "Write its pattern as a text.");
            default:
                return JavaScriptSource.IsNameStart(sign) ? ReadName(at) : RefusedSign(at);
        }
    }

    private DocumentNode RefusedSign(Position at)
    {
        var sign = _source.Current;
        if (sign is not (',' or ';' or '}' or ']' or ')'))
        {
            _source.At++;
            _skipping.SkipExpression();
        }

        return Refused(at, sign.ToString(), "a value", null);
    }

    private DocumentNode Nested(Position at, Func<Position, DocumentNode> read)
    {
        if (++_depth > DocumentLimits.MaxDepth)
        {
            throw new UnreadableDocumentException(DocumentLimits.DepthExpectation, at);
        }

        _source.At++;
        var node = read(at);
        _depth--;
        return node;
    }

    private DocumentNode ReadInBrackets(Position at)
    {
        var node = ReadValue();
        if (!TakeSign(')'))
        {
            throw new UnreadableDocumentException("a ')' that closes the '('", at);
        }

        return IsText(node) ? Trimmed(at, ((ScalarNode)node).Value) : node;
    }

    /// <summary><c>.trim()</c> and its like, which people write after templates.</summary>
    private ScalarNode Trimmed(Position at, string text)
    {
        while (true)
        {
            var start = _source.At;
            _source.SkipBlanks();
            var name = _source.Take('.') ? _source.TakeName() : "";
            if (name is not ("trim" or "trimStart" or "trimEnd") || !TakeSign('(') || !TakeSign(')'))
            {
                _source.At = start;
                return new ScalarNode(at, ScalarKind.Text, text, text);
            }

            var from = name == "trimEnd" ? 0 : text.TakeWhile(JavaScriptSource.IsBlank).Count();
            var to = text.Length;
            while (name != "trimStart" && to > from && JavaScriptSource.IsBlank(text[to - 1]))
            {
                to--;
            }

            text = text[from..to];
        }
    }

    private DocumentNode ReadSigned(Position at)
    {
        var isNegative = _source.Current == '-';
        _source.At++;
        _source.SkipBlanks();
        if (char.IsAsciiDigit(_source.Current) || (_source.Current == '.' && char.IsAsciiDigit(_source.Next)))
        {
            return ReadNumber(at, isNegative);
        }

        if (_source.PeekName() is "Infinity" or "NaN")
        {
            return ReadName(at);
        }

        _skipping.SkipExpression();
        return Refused(at, isNegative ? "-" : "+", "a number after the sign", NeverEvaluated);
    }

    private DocumentNode ReadNumber(Position at, bool isNegative)
    {
        var start = _source.At;
        var number = JavaScriptNumbers.Read(_source, out var expectation);
        var written = (isNegative ? "-" : "") + _source.Text[start.._source.At];
        return number is { } value
            ? new ScalarNode(at, ScalarKind.Number, Exact(written) ?? JavaScriptNumber.ToText(isNegative ? -value : value), written)
            : Refused(at, written, expectation!, null);
    }

    /// <summary>A whole number that JavaScript would round stays what was written: what is exported comes back so.</summary>
    private static string? Exact(string written) =>
        long.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && whole is > JavaScriptNumber.MaxSafe or < -JavaScriptNumber.MaxSafe
            ? whole.ToString(CultureInfo.InvariantCulture)
            : null;

    private DocumentNode ReadName(Position at)
    {
        var name = _source.TakeName();
        switch (name)
        {
            case "true" or "false":
                return new ScalarNode(at, ScalarKind.Boolean, name, name);
            case "null":
                return new ScalarNode(at, ScalarKind.Null, "", name);
            case "undefined":
                return Absent;
            case "Infinity" or "NaN":
                return Refused(at, name, "a finite number", null);
            default:
                _source.SkipBlanks();
                var refusal = Refusal(name);
                _skipping.SkipExpression();
                return Refused(at, name, refusal, NeverEvaluated);
        }
    }

    private string Refusal(string name) => name switch
    {
        "function" or "async" or "class" => "a plain value, and no function or class",
        "new" or "await" or "typeof" or "void" or "delete" or "yield" => $"a plain value, and no {name}",
        _ when _source.StartsWith("=>") => "a plain value, and no function",
        _ when _source.Current == '(' => $"a plain value, and no call of {name}",
        _ when _source.Current == '`' => $"a template without the tag {name}",
        _ => "a plain value, and no name of one",
    };

    private DocumentNode ReadArray(Position at)
    {
        var items = new List<DocumentNode>();
        while (true)
        {
            _source.SkipBlanks();
            if (_source.Take(']'))
            {
                return new SequenceNode(at, items);
            }

            RequireMore(at, '[', ']');
            _path.Add(($"[{items.Count}]", true));
            ReadItem(items);
            _path.RemoveAt(_path.Count - 1);
            TakeComma(']');
        }
    }

    private void ReadItem(List<DocumentNode> items)
    {
        var (at, faults) = (_source.Here, _faults);
        if (RefuseSpread(at))
        {
            return;
        }

        var item = ReadValue();
        if (!ReferenceEquals(item, Absent))
        {
            items.Add(item);
        }
        else if (_faults == faults)
        {
            Fault("undefined", "a value: a list has no absent members", "Take it out, or write null.", at);
        }
    }

    private DocumentNode ReadObject(Position at)
    {
        var entries = new List<MappingEntry>();
        var seen = new Dictionary<string, Position>(StringComparer.Ordinal);
        while (true)
        {
            _source.SkipBlanks();
            if (_source.Take('}'))
            {
                return new MappingNode(at, entries);
            }

            RequireMore(at, '{', '}');
            ReadMember(entries, seen);
            TakeComma('}');
        }
    }

    private void ReadMember(List<MappingEntry> entries, Dictionary<string, Position> seen)
    {
        var (at, isComputed) = (_source.Here, _source.Current == '[');
        if (RefuseSpread(at) || ReadKey(at) is not { } key)
        {
            return;
        }

        _source.SkipBlanks();
        if (!_source.Take(':'))
        {
            RefuseMember(key, at);
            return;
        }

        _path.Add((key.Cut(77, "..."), false));
        var value = ReadValue();
        _path.RemoveAt(_path.Count - 1);
        if (key == "__proto__" && !isComputed)
        {
            Fault(key, "a name other than __proto__", "It would set the object's prototype, and no member.", at);
        }
        else if (!seen.TryAdd(key, at))
        {
            _faults++;
            _errors.AddDuplicate(key, seen[key], at);
        }
        else if (!ReferenceEquals(value, Absent))
        {
            entries.Add(new MappingEntry(key, at, value));
        }
    }

    private bool RefuseSpread(Position at)
    {
        if (!_source.StartsWith("..."))
        {
            return false;
        }

        _source.At += 3;
        _skipping.SkipExpression();
        Fault("...", "plain members, and no spread", NeverEvaluated, at);
        return true;
    }

    /// <summary>A name, a text, a number, or a text in brackets; <c>null</c> where the member was refused.</summary>
    private string? ReadKey(Position at)
    {
        var sign = _source.Current;
        if (sign is '"' or '\'')
        {
            return _strings.ReadString();
        }

        if (char.IsAsciiDigit(sign) || (sign == '.' && char.IsAsciiDigit(_source.Next)))
        {
            return ReadNumber(at, isNegative: false) is ScalarNode { Kind: ScalarKind.Number } number ? number.Value : Skipped();
        }

        if (sign == '[')
        {
            return ReadComputedKey(at);
        }

        if (JavaScriptSource.IsNameStart(sign))
        {
            return ReadNamedKey(at);
        }

        Fault(sign.ToString(), "a member: name: value", null, at);
        if (sign is ']' or ')' or ';')
        {
            _source.At++;
        }

        return Skipped();
    }

    private string? ReadNamedKey(Position at)
    {
        var name = _source.TakeName();
        _source.SkipBlanks();
        if (name is "get" or "set" or "async" or "static" && (JavaScriptSource.IsNameStart(_source.Current) || _source.Current is '"' or '\'' or '[' or '*'))
        {
            Fault(name, name is "get" or "set" ? "a plain member, and no getter or setter" : "a plain member, and no method", NeverEvaluated, at);
            return Skipped();
        }

        return name;
    }

    private string? ReadComputedKey(Position at)
    {
        _source.At++;
        _source.SkipBlanks();
        var (start, faults) = (_source.At, _faults);
        var key = _source.Current is '"' or '\'' or '`' ? ReadSum() as ScalarNode : null;
        if (key is not null && IsText(key) && _faults == faults && TakeSign(']'))
        {
            return key.Value;
        }

        if (_faults == faults)
        {
            Fault(null, "a plain text within the brackets of a name", NeverEvaluated, at);
        }

        _source.At = start;
        _skipping.SkipExpression();
        TakeSign(']');
        return Skipped();
    }

    /// <summary>Goes past a member that was refused.</summary>
    private string? Skipped()
    {
        _skipping.SkipExpression();
        return null;
    }

    private void RefuseMember(string key, Position at)
    {
        var expectation = _source.Current switch
        {
            '(' => "a plain member, and no method",
            ',' or '}' => $"a value after the name: {key}: …",
            _ => "':' and a value after the name",
        };
        Fault(key, expectation, NeverEvaluated, at);
        _skipping.SkipExpression();
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
