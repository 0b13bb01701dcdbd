using System.Globalization;
using System.Text;
using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Exchange;

/// <summary>Values: texts, numbers, sums of texts, names, and what is refused in their place.</summary>
internal sealed partial class JavaScriptDocuments
{
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
}
