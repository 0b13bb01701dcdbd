using System.Globalization;

namespace Orrery.Expressions.Syntax;

/// <summary>Cuts the source into the tokens of CEL's lexis.</summary>
internal ref struct Lexer(string source)
{
    private readonly string _source = source;
    private int _at;

    public Token Next()
    {
        SkipBlanks();
        if (_at >= _source.Length)
        {
            return new Token(TokenKind.End, _source.Length, 0);
        }

        var first = _source[_at];
        return first switch
        {
            '"' or '\'' => Text(isRaw: false, prefix: 0),
            'r' or 'R' when Peek(1) is '"' or '\'' => Text(isRaw: true, prefix: 1),
            'b' or 'B' when Peek(1) is '"' or '\'' => throw LeftOut("a bytes literal", "a string"),
            >= '0' and <= '9' => Number(),
            '.' when char.IsAsciiDigit(Peek(1)) => Number(),
            '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => Name(),
            _ => Operator(first),
        };
    }

    /// <summary>What stands at a place, for an error.</summary>
    public static string Show(string source, int offset)
    {
        if (offset >= source.Length)
        {
            return "the end of the expression";
        }

        var length = 1;
        if (char.IsAsciiLetterOrDigit(source[offset]) || source[offset] == '_')
        {
            while (offset + length < source.Length && length < 40 && (char.IsAsciiLetterOrDigit(source[offset + length]) || source[offset + length] == '_'))
            {
                length++;
            }
        }

        return char.IsControl(source[offset]) || char.IsSurrogate(source[offset])
            ? string.Create(CultureInfo.InvariantCulture, $"character U+{char.ConvertToUtf32(source, offset):X4}")
            : $"'{source.AsSpan(offset, length)}'";
    }

    private readonly char Peek(int ahead) => _at + ahead < _source.Length ? _source[_at + ahead] : '\0';

    private void SkipBlanks()
    {
        while (_at < _source.Length)
        {
            if (_source[_at] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _at++;
            }
            else if (_source[_at] == '/' && Peek(1) == '/')
            {
                var end = _source.IndexOf('\n', _at);
                _at = end < 0 ? _source.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    private Token Name()
    {
        var start = _at;
        while (char.IsAsciiLetterOrDigit(Peek(0)) || Peek(0) == '_')
        {
            _at++;
        }

        var name = _source[start.._at];
        return new Token(name == "in" ? TokenKind.In : TokenKind.Name, start, _at - start, name);
    }

    private Token Text(bool isRaw, int prefix)
    {
        var start = _at;
        var text = StringLiteral.Read(_source, _at + prefix, isRaw, out _at);
        return new Token(TokenKind.String, start, _at - start, text);
    }

    private Token Number()
    {
        var start = _at;
        if (Peek(0) == '0' && Peek(1) is 'x' or 'X' && char.IsAsciiHexDigit(Peek(2)))
        {
            _at += 2;
            while (char.IsAsciiHexDigit(Peek(0)))
            {
                _at++;
            }

            return Integer(start, start + 2, NumberStyles.AllowHexSpecifier);
        }

        Digits();
        var isDouble = false;
        if (Peek(0) == '.' && char.IsAsciiDigit(Peek(1)))
        {
            isDouble = true;
            _at++;
            Digits();
        }

        var sign = Peek(1) is '+' or '-' ? 1 : 0;
        if (Peek(0) is 'e' or 'E' && char.IsAsciiDigit(Peek(1 + sign)))
        {
            isDouble = true;
            _at += 1 + sign;
            Digits();
        }

        if (!isDouble)
        {
            return Integer(start, start, NumberStyles.None);
        }

        var number = double.Parse(_source.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number)
            ? new Token(TokenKind.Double, start, _at - start, Number: number)
            : throw new SyntaxFailure(start, "number out of range", $"'{_source[start.._at]}'", "a double of 64 bits");
    }

    private void Digits()
    {
        while (char.IsAsciiDigit(Peek(0)))
        {
            _at++;
        }
    }

    private readonly Token Integer(int start, int digits, NumberStyles style)
    {
        if (Peek(0) is 'u' or 'U')
        {
            throw new SyntaxFailure(start, "unsigned integers are left out of this subset of CEL", Show(_source, start), "an int without 'u'");
        }

        return ulong.TryParse(_source.AsSpan(digits, _at - digits), style, CultureInfo.InvariantCulture, out var magnitude)
            ? new Token(TokenKind.Int, start, _at - start, Magnitude: magnitude)
            : throw OutOfRange(_source, start);
    }

    public static SyntaxFailure OutOfRange(string source, int offset) =>
        new(offset, "number out of range", Show(source, offset), "an int of 64 bits, from -9223372036854775808 to 9223372036854775807");

    private Token Operator(char first)
    {
        var kind = (first, Peek(1)) switch
        {
            ('=', '=') => TokenKind.Equal,
            ('!', '=') => TokenKind.NotEqual,
            ('<', '=') => TokenKind.LessOrEqual,
            ('>', '=') => TokenKind.GreaterOrEqual,
            ('&', '&') => TokenKind.And,
            ('|', '|') => TokenKind.Or,
            _ => TokenKind.End,
        };
        var length = kind == TokenKind.End ? 1 : 2;
        if (kind == TokenKind.End)
        {
            kind = Single(first);
        }

        _at += length;
        return new Token(kind, _at - length, length);
    }

    private readonly TokenKind Single(char first) => first switch
    {
        '(' => TokenKind.LeftParenthesis,
        ')' => TokenKind.RightParenthesis,
        '[' => TokenKind.LeftBracket,
        ']' => TokenKind.RightBracket,
        '{' => TokenKind.LeftBrace,
        '}' => TokenKind.RightBrace,
        '.' => TokenKind.Dot,
        ',' => TokenKind.Comma,
        ':' => TokenKind.Colon,
        '?' => TokenKind.Question,
        '+' => TokenKind.Plus,
        '-' => TokenKind.Minus,
        '*' => TokenKind.Star,
        '/' => TokenKind.Slash,
        '%' => TokenKind.Percent,
        '!' => TokenKind.Not,
        '<' => TokenKind.Less,
        '>' => TokenKind.Greater,
        '=' => throw new SyntaxFailure(_at, "unknown operator", "'='", "'==' to compare"),
        '&' => throw new SyntaxFailure(_at, "unknown operator", "'&'", "'&&' for and"),
        '|' => throw new SyntaxFailure(_at, "unknown operator", "'|'", "'||' for or"),
        _ => throw new SyntaxFailure(_at, "unknown character", Show(_source, _at), "an operator, a name or a literal"),
    };

    private readonly SyntaxFailure LeftOut(string what, string instead) =>
        new(_at, "bytes are left out of this subset of CEL", what, instead);
}
