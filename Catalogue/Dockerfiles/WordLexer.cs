using System.Text;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>How much all expansions of a file may make: ENV A=$A$A, written forty times, would make a text of a terabyte.</summary>
internal sealed class ExpansionBudget
{
    private int _left = 4 * 1024 * 1024;

    public bool Take(int characters) => (_left -= Math.Min(characters, _left + 1)) >= 0;
}

/// <summary>What became of a text.</summary>
/// <param name="IsResolved">Whether no variable is left in it.</param>
/// <param name="Fault">What was expected, and <paramref name="FaultAt"/>.</param>
internal sealed record Expansion(string Text, bool IsResolved, string? Fault = null, int FaultAt = 0)
{
    /// <summary>Variables without braces or modifiers that nothing declares.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];
}

/// <summary>Takes quotes, escapes and variables out of a text, as BuildKit does before an instruction sees its words.</summary>
/// <remarks>
/// A variable whose value is not known here stays as it is written; <c>${A:-b}</c> is b then, which is what a build without arguments makes of it.
/// </remarks>
internal sealed class WordLexer(string text, VariableScope scope, char escape, ExpansionBudget budget)
{
    private const int MaxDepth = 32;
    private const string ClosingBrace = "a '}' that closes ${";

    private readonly List<string> _unknown = [];
    private readonly List<(string Text, int Start)> _words = [];
    private readonly StringBuilder _word = new();
    private int _at;
    private int _wordStart;
    private int _depth;
    private bool _inWord;
    private bool _isResolved = true;
    private string? _fault;
    private int _faultAt;

    /// <summary>Quotes stay, for who wants to know whether there were any.</summary>
    public bool KeepsQuotes { get; init; }

    public bool KeepsEscapes { get; init; }

    public Expansion Expand()
    {
        var result = Read(null, KeepsEscapes);
        return _fault is null ? new Expansion(result, _isResolved) { Unknown = _unknown } : new Expansion(text, false, _fault, _faultAt);
    }

    /// <summary>The text's words after expansion; <c>null</c> where a quote or a brace is not closed.</summary>
    public IReadOnlyList<(string Text, int Start)>? Words()
    {
        Read(null, KeepsEscapes);
        EndWord();
        return _fault is null ? _words : null;
    }

    private bool IsAtEnd => _at >= text.Length;

    private string Fail(string expectation, int at)
    {
        if (_fault is null)
        {
            (_fault, _faultAt) = (expectation, at);
        }

        _at = text.Length;
        return "";
    }

    private string Read(char? stop, bool keepsEscapes)
    {
        var (start, result) = (_at, new StringBuilder());
        while (!IsAtEnd)
        {
            var (at, sign) = (_at, text[_at]);
            if (sign == stop)
            {
                _at++;
                return result.ToString();
            }

            var isRaw = sign is '\'' or '"' or '<' || sign == escape;
            var part = sign switch
            {
                '\'' => ReadSingleQuoted(),
                '"' => ReadDoubleQuoted(keepsEscapes),
                '$' => ReadVariable(),
                '<' => ReadHeredocSign(),
                _ when sign == escape => ReadEscaped(keepsEscapes),
                _ => ReadOne(),
            };
            result.Append(part);
            AddToWord(part, at, isRaw);
        }

        return stop is null ? result.ToString() : Fail(stop == '}' ? ClosingBrace : $"a '{stop}' within ${{…}}", start);
    }

    private string ReadOne() => text[_at++].ToString();

    private string ReadEscaped(bool keepsEscapes)
    {
        _at++;
        return (keepsEscapes ? escape.ToString() : "") + (IsAtEnd ? "" : ReadOne());
    }

    private string ReadSingleQuoted()
    {
        var end = text.IndexOf('\'', _at + 1);
        if (end < 0)
        {
            return Fail("a closing '", _at);
        }

        var quoted = KeepsQuotes ? text[_at..(end + 1)] : text[(_at + 1)..end];
        _at = end + 1;
        return quoted;
    }

    private string ReadDoubleQuoted(bool keepsEscapes)
    {
        var (start, result) = (_at++, new StringBuilder());
        while (!IsAtEnd)
        {
            var sign = text[_at];
            if (sign == '"')
            {
                _at++;
                return KeepsQuotes ? $"\"{result}\"" : result.ToString();
            }

            if (sign == '$')
            {
                result.Append(ReadVariable());
            }
            else if (sign == escape)
            {
                result.Append(ReadEscapedInQuotes(keepsEscapes));
            }
            else
            {
                result.Append(sign);
                _at++;
            }
        }

        return Fail("a closing \"", start);
    }

    /// <summary>Within quotes only the quote, the dollar sign and the escape character itself can be escaped.</summary>
    private string ReadEscapedInQuotes(bool keepsEscapes)
    {
        _at++;
        var isEscape = !IsAtEnd && (text[_at] is '"' or '$' || text[_at] == escape);
        return isEscape ? (keepsEscapes ? escape.ToString() : "") + ReadOne() : IsAtEnd && !keepsEscapes ? "" : escape.ToString();
    }

    /// <summary><c>&lt;&lt; EOF</c> is one word.</summary>
    private string ReadHeredocSign()
    {
        var start = _at++;
        if (!IsAtEnd && text[_at] == '<')
        {
            _at++;
            while (!IsAtEnd && text[_at] is ' ' or '\t' or '\r')
            {
                _at++;
            }
        }

        return text[start.._at];
    }

    private string ReadVariable()
    {
        var start = _at++;
        if (!IsAtEnd && text[_at] == '{')
        {
            return ReadBraced(start);
        }

        var name = ReadName();
        return name.Length == 0 ? "$" : Known(name) ?? Unresolved(name, start);
    }

    private string ReadBraced(int start)
    {
        _at++;
        if (IsAtEnd)
        {
            return Fail(ClosingBrace, start);
        }

        if (++_depth > MaxDepth)
        {
            return Fail($"at most {MaxDepth} levels of ${{…}}", start);
        }

        var result = text[_at] is '{' or '}' or ':' ? Fail("a variable's name after ${", start) : ReadModified(ReadName(), start);
        _depth--;
        return result;
    }

    private string ReadModified(string name, int start)
    {
        if (IsAtEnd)
        {
            return Fail(ClosingBrace, start);
        }

        var sign = text[_at++];
        if (sign == '}')
        {
            return Known(name) ?? Unresolved(name, start);
        }

        var emptyIsUnset = sign == ':';
        if (emptyIsUnset)
        {
            sign = IsAtEnd ? '\0' : text[_at++];
        }

        return sign switch
        {
            '-' or '+' or '?' => ReadAlternative(name, sign, emptyIsUnset, start),
            '#' or '%' when !emptyIsUnset => ReadTrimmed(name, sign, start),
            '/' when !emptyIsUnset => ReadReplaced(name, start),
            _ => Fail("one of :- - :+ + :? ? # % / after the name in ${…}", start),
        };
    }

    private string ReadAlternative(string name, char sign, bool emptyIsUnset, int start)
    {
        var alternative = Read('}', keepsEscapes: false);
        if (_fault is not null)
        {
            return "";
        }

        var value = Known(name);
        var isSet = value is not null && !(emptyIsUnset && value.Length == 0);
        return (sign, isSet) switch
        {
            ('-' or '?', true) => value!,
            ('?', false) when value is not null => Fail($"a value for {name} that is not empty", start),
            _ when scope.IsOfTheBuild(name) => Unresolved(name, start),
            ('-', false) => alternative,
            ('+', true) => alternative,
            ('+', false) => "",
            _ => Unresolved(name, start),
        };
    }

    private string ReadTrimmed(string name, char sign, int start)
    {
        var pattern = Read('}', keepsEscapes: true);
        if (_fault is not null || Known(name) is not { } value)
        {
            return _fault is not null ? "" : Unresolved(name, start);
        }

        var isGreedy = pattern.Length > 0 && pattern[0] == sign;
        var trimmed = sign == '#'
            ? WildcardPattern.TrimStart(value, isGreedy ? pattern[1..] : pattern, isGreedy)
            : WildcardPattern.TrimEnd(value, isGreedy ? pattern[1..] : pattern, isGreedy);
        return trimmed ?? Unresolved(name, start);
    }

    private string ReadReplaced(string name, int start)
    {
        var all = !IsAtEnd && text[_at] == '/';
        _at += all ? 1 : 0;
        var pattern = Read('/', keepsEscapes: true);
        var replacement = _fault is null ? Read('}', keepsEscapes: true) : "";
        if (_fault is not null || Known(name) is not { } value)
        {
            return _fault is not null ? "" : Unresolved(name, start);
        }

        return WildcardPattern.Replace(value, pattern, replacement, all) ?? Unresolved(name, start);
    }

    /// <summary>Letters, digits and '_'; digits alone or one special sign are the shell's parameters, which a build does not have.</summary>
    private string ReadName()
    {
        var start = _at;
        if (!IsAtEnd && char.IsDigit(text[_at]))
        {
            while (!IsAtEnd && char.IsDigit(text[_at]))
            {
                _at++;
            }
        }
        else if (!IsAtEnd && "@*#?-$!".Contains(text[_at]))
        {
            _at++;
        }
        else
        {
            while (!IsAtEnd && (char.IsLetterOrDigit(text[_at]) || text[_at] == '_'))
            {
                _at++;
            }
        }

        return text[start.._at];
    }

    private string? Known(string name)
    {
        var value = name.Length > 0 && !char.IsLetter(name[0]) && name[0] != '_' ? "" : scope.Find(name);
        if (value is not null && !budget.Take(value.Length))
        {
            return Fail("variables whose values make at most 4 MB in all", _at);
        }

        return value;
    }

    /// <summary>The variable as it is written.</summary>
    private string Unresolved(string name, int start)
    {
        _isResolved = false;
        if (!scope.IsDeclared(name))
        {
            _unknown.Add(name);
        }

        return text[start..Math.Max(start, _at)];
    }

    /// <param name="isRaw">Quoted or escaped: blanks in it do not end the word.</param>
    private void AddToWord(string part, int start, bool isRaw)
    {
        if (_depth > 0)
        {
            return;
        }

        if (isRaw)
        {
            BeginWord(start);
            _word.Append(part);
            return;
        }

        foreach (var sign in part)
        {
            if (char.IsWhiteSpace(sign))
            {
                EndWord();
            }
            else
            {
                BeginWord(start);
                _word.Append(sign);
            }
        }
    }

    private void BeginWord(int start)
    {
        _wordStart = _inWord ? _wordStart : start;
        _inWord = true;
    }

    private void EndWord()
    {
        if (_word.Length > 0)
        {
            _words.Add((_word.ToString(), _wordStart));
        }

        _word.Clear();
        _inWord = false;
    }
}
