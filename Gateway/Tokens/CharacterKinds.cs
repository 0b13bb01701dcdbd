namespace Orrery.Gateway.Tokens;

/// <summary>Which kind a character is of.</summary>
internal static class CharacterKinds
{
    private static readonly CharacterKind[] Ascii = [.. Enumerable.Range(0, 0x80).Select(code => OfAscii((char)code))];

    /// <summary>The first character after each range, and what the range is.</summary>
    private static readonly (int End, CharacterKind Kind)[] Ranges =
        [
            (0xA0, CharacterKind.Control), (0xC0, CharacterKind.Typographic), (0xD7, CharacterKind.Accented), (0xD8, CharacterKind.Typographic),
            (0xF7, CharacterKind.Accented), (0xF8, CharacterKind.Typographic), (0x100, CharacterKind.Accented), (0x250, CharacterKind.FarLetter),
            (0x370, CharacterKind.OtherOfTwo), (0x400, CharacterKind.Greek), (0x410, CharacterKind.CyrillicFar), (0x450, CharacterKind.Cyrillic),
            (0x530, CharacterKind.CyrillicFar), (0x590, CharacterKind.OtherOfTwo), (0x600, CharacterKind.Hebrew), (0x780, CharacterKind.Arabic),
            (0x800, CharacterKind.OtherOfTwo), (0x900, CharacterKind.OtherOfThree), (0x980, CharacterKind.Devanagari), (0xE00, CharacterKind.Indic),
            (0xE80, CharacterKind.Thai), (0x1E00, CharacterKind.OtherOfThree), (0x1F00, CharacterKind.FarLetter), (0x2000, CharacterKind.Greek),
            (0x200B, CharacterKind.Typographic), (0x2010, CharacterKind.Joiner), (0x2028, CharacterKind.Typographic), (0x2190, CharacterKind.OtherOfThree),
            (0x2600, CharacterKind.Symbol), (0x27C0, CharacterKind.Emoji), (0x2B00, CharacterKind.Symbol), (0x2C00, CharacterKind.Emoji),
            (0x3000, CharacterKind.OtherOfThree), (0x3040, CharacterKind.EastAsianMark), (0x30A0, CharacterKind.Hiragana), (0x3100, CharacterKind.Katakana),
            (0x4E00, CharacterKind.OtherOfThree), (0xA000, CharacterKind.Han), (0xAC00, CharacterKind.OtherOfThree), (0xD7A4, CharacterKind.Hangul),
            (0xFB50, CharacterKind.OtherOfThree), (0xFE00, CharacterKind.Arabic), (0xFE10, CharacterKind.Joiner), (0xFE70, CharacterKind.OtherOfThree),
            (0xFF00, CharacterKind.Arabic), (0xFF66, CharacterKind.EastAsianMark), (0xFFA0, CharacterKind.Katakana), (0x1F000, CharacterKind.OtherOfThree),
            (0x1FB00, CharacterKind.Emoji), (0x110000, CharacterKind.OtherOfFour),
        ];

    private static readonly int[] Ends = [.. Ranges.Select(range => range.End)];

    public static CharacterKind Of(byte code) => Ascii[code];

    public static CharacterKind Of(int code)
    {
        var found = Array.BinarySearch(Ends, code);
        var kind = Ranges[found >= 0 ? found + 1 : ~found].Kind;
        return kind == CharacterKind.OtherOfThree && code > 0xFFFF ? CharacterKind.OtherOfFour : kind;
    }

    public static bool IsLetter(CharacterKind kind) => kind is >= CharacterKind.Lower and <= CharacterKind.FarLetter;

    public static bool IsMark(CharacterKind kind) => kind is CharacterKind.ProseMark or CharacterKind.CodeMark;

    public static bool IsCyrillic(CharacterKind kind) => kind is CharacterKind.Cyrillic or CharacterKind.CyrillicFar;

    private static CharacterKind OfAscii(char code) => code switch
    {
        ' ' => CharacterKind.Space,
        '\n' or '\r' => CharacterKind.Newline,
        '\t' => CharacterKind.Tab,
        < ' ' or '\x7F' => CharacterKind.Control,
        >= 'a' and <= 'z' => CharacterKind.Lower,
        >= 'A' and <= 'Z' => CharacterKind.Upper,
        >= '0' and <= '9' => CharacterKind.Digit,
        '.' or ',' or ';' or ':' or '!' or '?' or '\'' or '(' or ')' or '-' => CharacterKind.ProseMark,
        _ => CharacterKind.CodeMark,
    };
}
