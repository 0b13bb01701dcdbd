using System.Globalization;
using System.Text;

namespace Orrery.Expressions.Text;

/// <summary>
/// Writes a pattern of RE2's syntax for the engine of .NET: what the two read differently (\d, \w, \s, $, code points beyond U+FFFF) is spelled
/// out, and what RE2 does not have is refused.
/// </summary>
internal sealed class Re2Translation(string source)
{
    private const int MaxSize = 2_000;
    private const int MaxRepetition = 1_000;
    private const int MaxDepth = 50;

    private readonly StringBuilder _output = new();
    private readonly Stack<Group> _groups = new();
    private Group _group = new(0, false, false, 0);
    private int _at;
    private int _atom = -1;
    private int _atomSize;
    private bool _isQuoted;

    /// <summary>States, about, with counted repetitions multiplied out.</summary>
    public int Size => _group.Size + 1;

    private readonly record struct Group(int Start, bool IsMultiline, bool IsDotAll, int Size);

    public string Translate()
    {
        while (_at < source.Length)
        {
            Next();
        }

        return _groups.Count == 0 ? _output.ToString() : throw new PatternException(source.Length, "a ')' is missing");
    }

    private void Next()
    {
        var unit = source[_at];
        if (_isQuoted || Peek(0, @"\Q"))
        {
            Quoted();
            return;
        }

        switch (unit)
        {
            case '(':
                Open();
                break;
            case ')':
                Close();
                break;
            case '|':
                _at++;
                _atom = -1;
                _output.Append('|');
                break;
            case '*' or '+' or '?':
                _at++;
                Repeat(unit.ToString(), unit == '?' ? 1 : 2);
                break;
            case '{' when Counted(out var least, out var most, out var length):
                _at += length;
                Repeat(most == least ? $"{{{least}}}" : most < 0 ? $"{{{least},}}" : $"{{{least},{most}}}", most < 0 ? least + 1 : most);
                break;
            case '[':
                var set = new Re2Class(source, _at);
                Atom(set.Translate());
                _at = set.End;
                break;
            case '.':
                _at++;
                Atom(_group.IsDotAll ? Re2Class.AnyOther(string.Empty) : Re2Class.AnyOther(@"\n"));
                break;
            case '^':
                _at++;
                Atom(_group.IsMultiline ? "(?m:^)" : @"\A");
                break;
            case '$':
                _at++;
                Atom(_group.IsMultiline ? "(?m:$)" : @"\z");
                break;
            case '\\':
                Escape();
                break;
            default:
                Literal();
                break;
        }
    }

    private bool Peek(int ahead, string text) => string.CompareOrdinal(source, _at + ahead, text, 0, text.Length) == 0;

    private void Atom(string translated, int size = 1)
    {
        _atom = _output.Length;
        _output.Append(translated);
        Grow(size);
    }

    private void Grow(int size)
    {
        _atomSize = size;
        _group = _group with { Size = _group.Size + size };
        if (_group.Size > MaxSize)
        {
            throw new PatternException(_at, "the pattern is too large");
        }
    }

    private void Literal()
    {
        var rune = Rune.GetRuneAt(source, _at);
        _at += rune.Utf16SequenceLength;
        Atom(Re2Class.Literal(rune.Value));
    }

    private void Quoted()
    {
        if (!_isQuoted)
        {
            _isQuoted = true;
            _at += 2;
        }
        else if (Peek(0, @"\E"))
        {
            _isQuoted = false;
            _at += 2;
        }
        else
        {
            Literal();
        }
    }

    private void Escape()
    {
        var code = _at + 1 < source.Length ? source[_at + 1] : throw new PatternException(_at, @"a '\' at the end");
        switch (code)
        {
            case 'A' or 'z' or 'b' or 'B':
                _at += 2;
                Atom($"\\{code}");
                break;
            case 'E':
                _at += 2;
                break;
            default:
                Atom(Re2Class.Escape(source, ref _at));
                break;
        }
    }

    private void Open()
    {
        if (_groups.Count >= MaxDepth)
        {
            throw new PatternException(_at, "groups are nested too deeply");
        }

        var (start, outer) = (_at, _group);
        _at++;
        if (!Peek(0, "?"))
        {
            Begin(outer, outer, "(?:");
            return;
        }

        _at++;
        if (Peek(0, "P<") || (Peek(0, "<") && !Peek(0, "<=") && !Peek(0, "<!")))
        {
            var end = source.IndexOf('>', _at);
            var name = end < 0 ? string.Empty : source[(source.IndexOf('<', _at) + 1)..end];
            _at = name.Length > 0 && name.All(unit => char.IsAsciiLetterOrDigit(unit) || unit == '_') ? end + 1 : throw new PatternException(start, "a group without a name");
            Begin(outer, outer, "(?:");
            return;
        }

        Flags(start, outer);
    }

    private void Flags(int start, Group outer)
    {
        var inner = outer;
        var (isOn, cased) = (true, string.Empty);
        for (; _at < source.Length; _at++)
        {
            switch (source[_at])
            {
                case 'i':
                    cased = isOn ? "i" : "-i";
                    break;
                case 'm':
                    inner = inner with { IsMultiline = isOn };
                    break;
                case 's':
                    inner = inner with { IsDotAll = isOn };
                    break;
                case 'U':
                    break; // Greedy or not, a match is a match.
                case '-' when isOn:
                    isOn = false;
                    break;
                case ':':
                    _at++;
                    Begin(outer, inner, $"(?{cased}:");
                    return;
                case ')':
                    _at++;
                    _group = inner;
                    _atom = -1;
                    _output.Append(cased.Length > 0 ? $"(?{cased})" : string.Empty);
                    return;
                default:
                    throw new PatternException(start, "RE2 has no such group: look-around and back references are left out of it");
            }
        }

        throw new PatternException(start, "a ')' is missing");
    }

    private void Begin(Group outer, Group inner, string text)
    {
        _groups.Push(outer);
        _group = inner with { Start = _output.Length, Size = 0 };
        _atom = -1;
        _output.Append(text);
    }

    private void Close()
    {
        if (!_groups.TryPop(out var outer))
        {
            throw new PatternException(_at, "a ')' without its '('");
        }

        _at++;
        var inner = _group;
        _output.Append(')');
        _group = outer;
        Grow(inner.Size + 1);
        _atom = inner.Start;
    }

    private void Repeat(string quantifier, int times)
    {
        var isLazy = Peek(0, "?");
        _at += isLazy ? 1 : 0;
        if (_atom < 0)
        {
            throw new PatternException(_at - 1, "nothing to repeat");
        }

        // What is repeated twice is refused, as by RE2.
        _output.Insert(_atom, "(?:").Append(')').Append(quantifier).Append(isLazy ? "?" : string.Empty);
        if ((long)_atomSize * times > MaxSize)
        {
            throw new PatternException(_at - 1, "the pattern is too large");
        }

        Grow(_atomSize * Math.Max(0, times - 1));
        _atom = -1;
    }

    /// <summary>A count, or else a brace that stands for itself, as in RE2.</summary>
    private bool Counted(out int least, out int most, out int length)
    {
        (least, most, length) = (0, 0, 0);
        var end = source.IndexOf('}', _at);
        if (end < 0)
        {
            return false;
        }

        var inner = source.AsSpan(_at + 1, end - _at - 1);
        var comma = inner.IndexOf(',');
        length = end - _at + 1;
        var isCounted = int.TryParse(comma < 0 ? inner : inner[..comma], NumberStyles.None, CultureInfo.InvariantCulture, out least);
        most = comma < 0 ? least : -1;
        isCounted &= comma < 0 || comma == inner.Length - 1 || int.TryParse(inner[(comma + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out most);
        return isCounted && (least > MaxRepetition || most > MaxRepetition || (most >= 0 && most < least))
            ? throw new PatternException(_at, "a repetition is at most 1000, and its ends in order")
            : isCounted;
    }
}
