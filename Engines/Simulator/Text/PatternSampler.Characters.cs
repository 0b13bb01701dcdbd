using System.Text;

namespace Orrery.Simulator.Text;

/// <summary>Classes, escapes, and what they stand for.</summary>
internal sealed partial class PatternSampler
{
    private const string Digits = "0123456789";
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string LettersAndDigits = Letters + Digits;
    private static readonly string Printable = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code));

    private void Write(string choices)
    {
        if (choices.Length == 0)
        {
            _isSupported = false;
            return;
        }

        _text.Append(choices[_random.Next(choices.Length)]);
    }

    private string Class()
    {
        var isNegated = Accept('^');
        var members = new StringBuilder();
        for (var isFirst = true; _at < _pattern.Length && (isFirst || _pattern[_at] != ']'); isFirst = false)
        {
            var from = _pattern[_at++];
            if (from == '\\' && _at < _pattern.Length)
            {
                members.Append(Escape(_pattern[_at++]));
                continue;
            }

            var to = from;
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                to = _pattern[_at + 1];
                _at += 2;
            }

            for (int member = from; member <= to && members.Length < MostCharacters; member++)
            {
                members.Append((char)member);
            }
        }

        _isSupported &= Accept(']');
        return isNegated ? string.Concat(Printable.Except(members.ToString())) : members.ToString();
    }

    private string Escape(char character)
    {
        switch (character)
        {
            case 'd':
                return Digits;
            case 'w':
                return LettersAndDigits + "_";
            case 's':
                return " ";
            case 'D':
                return Letters;
            case 'W':
                return " -.";
            case 'S':
                return LettersAndDigits;
            case 'n':
                return "\n";
            case 't':
                return "\t";
            case 'r':
                return "\r";
            default:
                _isSupported &= !char.IsAsciiLetterOrDigit(character);
                return character.ToString();
        }
    }
}
