using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Orrery.Simulator.Text;

/// <summary>
/// Makes text that matches a regular expression. Knows literals, classes, groups, alternatives and quantifiers; no lookaround, no back references.
/// </summary>
internal sealed partial class PatternSampler
{
    private const int MostCharacters = 4_000;
    private const int MostRepeats = 6;
    private const int DeepestGroup = 64;
    private const int MostSteps = 50_000;

    private readonly Random _random;
    private readonly string _pattern;
    private readonly StringBuilder _text = new();
    private int _at;
    private int _depth;
    private int _steps;
    private bool _isSupported = true;

    private PatternSampler(string pattern, Random random) => (_pattern, _random) = (pattern, random);

    /// <returns><c>false</c> when the pattern is wrong, beyond this sampler, or leaves no text of the wanted length within a few tries.</returns>
    public static bool TrySample(string pattern, Random random, int minLength, int maxLength, [NotNullWhen(true)] out string? text)
    {
        text = null;
        Regex check;
        try
        {
            check = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return false;
        }

        for (var tries = 0; tries < 50 && text is null; tries++)
        {
            var sampler = new PatternSampler(pattern, random);
            sampler.Alternatives(isWritten: true);
            var candidate = sampler._text.ToString();
            var isLongEnough = candidate.Length >= minLength && candidate.Length <= maxLength;
            if (sampler._isSupported && sampler._at == pattern.Length && isLongEnough && check.IsMatch(candidate))
            {
                text = candidate;
            }
        }

        return text is not null;
    }

    /// <summary>Reads <c>a|b|c</c> up to the group's end and keeps what one of them wrote.</summary>
    private void Alternatives(bool isWritten)
    {
        if (++_depth > DeepestGroup)
        {
            _isSupported = false;
            _at = _pattern.Length;
        }

        var start = _text.Length;
        var kept = "";
        var seen = 0;
        do
        {
            _text.Length = start;
            while (_isSupported && _at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
            {
                Repeated(isWritten);
            }

            if (_random.Next(++seen) == 0)
            {
                kept = _text.ToString(start, _text.Length - start);
            }
        }
        while (_isSupported && Accept('|'));
        _text.Length = start;
        _text.Append(kept);
        _depth--;
    }

    private void Repeated(bool isWritten)
    {
        var start = _at;
        var length = _text.Length;
        Atom(isWritten);
        var (min, max) = Quantifier();
        var end = _at;
        var repeats = isWritten ? _random.Next(min, max + 1) : 0;
        if (repeats == 0)
        {
            _text.Length = length;
        }

        for (var i = 1; i < repeats && _isSupported; i++)
        {
            _at = start;
            Atom(isWritten);
            _isSupported &= _text.Length <= MostCharacters;
        }

        _at = end;
    }

    private (int Min, int Max) Quantifier()
    {
        var range = (1, 1);
        if (Accept('*'))
        {
            range = (0, MostRepeats);
        }
        else if (Accept('+'))
        {
            range = (1, MostRepeats);
        }
        else if (Accept('?'))
        {
            range = (0, 1);
        }
        else if (_at < _pattern.Length && _pattern[_at] == '{')
        {
            var close = _pattern.IndexOf('}', _at);
            var parts = close < 0 ? [] : _pattern[(_at + 1)..close].Split(',');
            var isRead = int.TryParse(parts.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var min);
            var max = min;
            if (parts.Length == 2)
            {
                max = parts[1].Length == 0
                    ? min + MostRepeats
                    : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : -1;
            }

            _isSupported &= isRead && max >= min && max <= MostCharacters;
            _at = close < 0 ? _pattern.Length : close + 1;
            range = _isSupported ? (min, max) : (1, 1);
        }

        Accept('?');
        return range;
    }

    private void Atom(bool isWritten)
    {
        _isSupported &= ++_steps <= MostSteps;
        var character = _pattern[_at++];
        switch (character)
        {
            case '^' or '$':
                break;
            case '(':
                Group(isWritten);
                break;
            case '[':
                Write(Class());
                break;
            case '.':
                Write(LettersAndDigits);
                break;
            case '\\' when _at < _pattern.Length:
                Write(Escape(_pattern[_at++]));
                break;
            case '*' or '+' or '?' or '\\':
                _isSupported = false;
                break;
            default:
                _text.Append(character);
                break;
        }
    }

    private void Group(bool isWritten)
    {
        if (Accept('?') && !Accept(':'))
        {
            _isSupported = false;
            return;
        }

        Alternatives(isWritten);
        _isSupported &= Accept(')');
    }

    private bool Accept(char character)
    {
        if (_at >= _pattern.Length || _pattern[_at] != character)
        {
            return false;
        }

        _at++;
        return true;
    }
}
