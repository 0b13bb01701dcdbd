using System.Globalization;
using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Exchange;

/// <summary>The characters of a JavaScript text, with what every part of its reader needs: places, blanks, comments, names.</summary>
internal sealed class JavaScriptSource(string text)
{
    private int _counted;
    private int _line = 1;
    private int _column = 1;

    public int At { get; set; }

    public string Text => text;

    public bool IsAtEnd => At >= text.Length;

    /// <summary>U+0000 at the end.</summary>
    public char Current => At < text.Length ? text[At] : '\0';

    public char Next => At + 1 < text.Length ? text[At + 1] : '\0';

    public Position Here => PositionOf(At);

    /// <summary>Asked for in the order of the text, nearly always; going back costs a pass over it.</summary>
    public Position PositionOf(int index)
    {
        if (index < _counted)
        {
            (_counted, _line, _column) = (0, 1, 1);
        }

        for (; _counted < index && _counted < text.Length; _counted++)
        {
            if (text[_counted] == '\n')
            {
                (_line, _column) = (_line + 1, 1);
            }
            else if (!(char.IsLowSurrogate(text[_counted]) && _counted > 0 && char.IsHighSurrogate(text[_counted - 1])))
            {
                _column++;
            }
        }

        return new Position(_line, _column);
    }

    public bool Take(char sign)
    {
        if (IsAtEnd || Current != sign)
        {
            return false;
        }

        At++;
        return true;
    }

    public bool StartsWith(string sign) => string.CompareOrdinal(text, At, sign, 0, sign.Length) == 0;

    /// <summary>Blanks, line ends and comments.</summary>
    public void SkipBlanks()
    {
        while (!IsAtEnd)
        {
            if (IsBlank(Current))
            {
                At++;
            }
            else if (StartsWith("//"))
            {
                SkipLine();
            }
            else if (StartsWith("/*"))
            {
                SkipComment();
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>The name that begins here; empty where none does. Letters beyond ASCII are letters, escapes in names are not read.</summary>
    public string PeekName()
    {
        var end = At;
        while (end < text.Length && (IsNameStart(text[end]) || (end > At && IsNamePart(text[end]))))
        {
            end++;
        }

        return text[At..end];
    }

    public string TakeName()
    {
        var name = PeekName();
        At += name.Length;
        return name;
    }

    /// <summary>Whether this name stands here.</summary>
    public bool TakeName(string name)
    {
        if (!StartsWith(name) || PeekName() != name)
        {
            return false;
        }

        At += name.Length;
        return true;
    }

    public static bool IsLineEnd(char sign) => sign is '\n' or '\r' or '\u2028' or '\u2029';

    /// <summary>ECMAScript's WhiteSpace and LineTerminator, which <c>trim()</c> takes off, too. U+0085 is none.</summary>
    public static bool IsBlank(char sign) =>
        sign is ' ' or '\t' or '\v' or '\f' or '\u00A0' or '\uFEFF' || IsLineEnd(sign)
        || (sign > 127 && char.GetUnicodeCategory(sign) == UnicodeCategory.SpaceSeparator);

    public static bool IsNameStart(char sign) => char.IsLetter(sign) || sign is '$' or '_' || char.IsSurrogate(sign);

    private static bool IsNamePart(char sign) => IsNameStart(sign) || char.IsLetterOrDigit(sign) || sign is '\u200C' or '\u200D'
        || char.GetUnicodeCategory(sign) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.ConnectorPunctuation;

    private void SkipLine()
    {
        while (!IsAtEnd && !IsLineEnd(Current))
        {
            At++;
        }
    }

    private void SkipComment()
    {
        var end = text.IndexOf("*/", At + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new UnreadableDocumentException("'*/' at the end of the comment", Here);
        }

        At = end + 2;
    }
}
