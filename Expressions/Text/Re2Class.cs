using System.Globalization;
using System.Text;

namespace Orrery.Expressions.Text;

/// <summary>A set of characters in brackets, and what stands for a set or a character outside them.</summary>
internal sealed class Re2Class(string source, int start)
{
    private const string Pair = @"[\uD800-\uDBFF][\uDC00-\uDFFF]";
    private const int FirstBeyond = 0x10000;
    private const int Last = 0x10FFFF;

    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t\x20",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = @"\x21-\x7E",
        ["lower"] = "a-z",
        ["print"] = @"\x20-\x7E",
        ["punct"] = @"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
        ["space"] = @"\t\n\v\f\r\x20",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private static readonly HashSet<string> Categories = new(StringComparer.Ordinal)
    {
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co",
    };

    private readonly StringBuilder _set = new();
    private readonly List<string> _beyond = [];
    private int _at = start + 1;

    /// <summary>The place after the closing bracket.</summary>
    public int End => _at;

    /// <summary>One code point that is not in <paramref name="set"/>.</summary>
    public static string AnyOther(string set) => $@"(?:{Pair}|[^{set}\uD800-\uDFFF])";

    public static string Literal(int codePoint) => codePoint < FirstBeyond ? Unit(codePoint) : $"(?:{char.ConvertFromUtf32(codePoint)})";

    /// <summary>An escape outside of brackets: a character, or one of a set.</summary>
    public static string Escape(string source, ref int at)
    {
        var (begin, code) = (at, source[at + 1]);
        if (Set(char.ToLowerInvariant(code)) is { } set)
        {
            at += 2;
            return char.IsLower(code) ? $"[{set}]" : AnyOther(set);
        }

        if (code is 'p' or 'P')
        {
            var category = Category(source, ref at, out var isNegated);
            return isNegated != (code == 'P') ? AnyOther($@"\p{{{category}}}") : $@"\p{{{category}}}";
        }

        return Literal(Character(source, ref at, begin));
    }

    public string Translate()
    {
        var isNegated = _at < source.Length && source[_at] == '^';
        _at += isNegated ? 1 : 0;
        for (var first = _at; ;)
        {
            if (_at >= source.Length)
            {
                throw new PatternException(start, "a ']' is missing");
            }

            if (source[_at] == ']' && _at > first)
            {
                _at++;
                break;
            }

            Item();
        }

        if (isNegated)
        {
            return _beyond.Count == 0 ? AnyOther(_set.ToString()) : throw Beyond(start);
        }

        return _beyond.Count == 0 ? $"[{_set}]" : $"(?:{(_set.Length > 0 ? $"[{_set}]|" : string.Empty)}{string.Join('|', _beyond)})";
    }

    private static PatternException Beyond(int at) => new(at, "ranges and exclusions of characters beyond U+FFFF are left out");

    private static string Unit(int unit) => char.IsAsciiLetterOrDigit((char)unit) ? ((char)unit).ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{unit:X4}");

    private static string? Set(char code) => code switch { 'd' => "0-9", 'w' => "0-9A-Za-z_", 's' => @"\t\n\f\r\x20", _ => null };

    /// <summary>All of the lower plane but the set, without surrogates.</summary>
    private static string Complement(char code) => code switch
    {
        'D' => @"\x00-\x2F\x3A-\uD7FF\uE000-\uFFFF",
        'W' => @"\x00-\x2F\x3A-\x40\x5B-\x5E\x60\x7B-\uD7FF\uE000-\uFFFF",
        _ => @"\x00-\x08\x0B\x0E-\x1F\x21-\uD7FF\uE000-\uFFFF",
    };

    private void Item()
    {
        if (source[_at] == '[' && _at + 1 < source.Length && source[_at + 1] == ':' && source.IndexOf(":]", _at, StringComparison.Ordinal) is var end and > 0)
        {
            _set.Append(Named.GetValueOrDefault(source[(_at + 2)..end]) ?? throw new PatternException(_at, "no such class of characters"));
            _at = end + 2;
            return;
        }

        if (source[_at] == '\\' && _at + 1 < source.Length && Special(source[_at + 1]))
        {
            return;
        }

        var begin = _at;
        var low = One();
        var high = low;
        if (_at + 1 < source.Length && source[_at] == '-' && source[_at + 1] != ']')
        {
            _at++;
            high = One();
        }

        if (high < low)
        {
            throw new PatternException(begin, "a range whose ends are not in order");
        }

        Add(begin, low, high);
    }

    private bool Special(char code)
    {
        if (Set(char.ToLowerInvariant(code)) is { } set)
        {
            _at += 2;
            _set.Append(char.IsLower(code) ? set : Complement(code));
            if (char.IsUpper(code))
            {
                _beyond.Add(Pair);
            }

            return true;
        }

        if (code is not ('p' or 'P'))
        {
            return false;
        }

        var begin = _at;
        var category = Category(source, ref _at, out var isNegated);
        _set.Append(isNegated == (code == 'P') ? $@"\p{{{category}}}" : throw new PatternException(begin, @"\P in brackets is left out"));
        return true;
    }

    private int One()
    {
        if (_at >= source.Length)
        {
            throw new PatternException(start, "a ']' is missing");
        }

        if (source[_at] == '\\')
        {
            return _at + 1 < source.Length ? Character(source, ref _at, _at) : throw new PatternException(_at, @"a '\' at the end");
        }

        var rune = Rune.GetRuneAt(source, _at);
        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private void Add(int begin, int low, int high)
    {
        if (low < FirstBeyond)
        {
            _set.Append(Unit(low)).Append('-').Append(Unit(Math.Min(high, FirstBeyond - 1)));
        }

        if (high == low && low >= FirstBeyond)
        {
            _beyond.Add(char.ConvertFromUtf32(low));
        }
        else if (high >= FirstBeyond)
        {
            _beyond.Add(low <= FirstBeyond && high == Last ? Pair : throw Beyond(begin));
        }
    }

    private static string Category(string source, ref int at, out bool isNegated)
    {
        var begin = at;
        at += 2;
        isNegated = false;
        var name = at < source.Length ? source[at].ToString() : string.Empty;
        var length = 1;
        if (name == "{")
        {
            var end = source.IndexOf('}', at);
            name = end < 0 ? string.Empty : source[(at + 1)..end];
            length = name.Length + 2;
            isNegated = name.StartsWith('^');
            name = name.TrimStart('^');
        }

        at += length;
        return Categories.Contains(name) ? name : throw new PatternException(begin, "no such category of characters; scripts are left out");
    }

    private static int Character(string source, ref int at, int begin)
    {
        var code = source[at + 1];
        at += 2;
        switch (code)
        {
            case 'a': return '\a';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case 'x': return Hexadecimal(source, ref at, begin);
            case >= '0' and <= '7':
                return Octal(source, ref at, code, begin);
            default:
                return char.IsAscii(code) && !char.IsAsciiLetterOrDigit(code) ? code : throw new PatternException(begin, "RE2 has no such escape");
        }
    }

    private static int Hexadecimal(string source, ref int at, int begin)
    {
        var isBraced = at < source.Length && source[at] == '{';
        var end = isBraced ? source.IndexOf('}', at) : at + 2;
        var digits = end < 0 || end > source.Length ? string.Empty : source[(at + (isBraced ? 1 : 0))..end];
        at = end + (isBraced ? 1 : 0);
        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code)
            ? code
            : throw new PatternException(begin, "no such Unicode code point");
    }

    private static int Octal(string source, ref int at, char first, int begin)
    {
        var code = first - '0';
        var digits = 1;
        for (; digits < 3 && at < source.Length && source[at] is >= '0' and <= '7'; digits++, at++)
        {
            code = (code * 8) + source[at] - '0';
        }

        return digits > 1 || first == '0' ? code : throw new PatternException(begin, "RE2 has no back references");
    }
}
