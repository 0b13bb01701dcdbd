namespace Orrery.Gateway.Tokens;

/// <summary>What a text is counted into. A run is a stretch of one kind of character; of letters the place in the word decides: To4 is the second to fourth, Beyond all after the last bound.</summary>
internal enum TextFeature
{
    Word, WordTo4, WordTo7, WordTo10, WordBeyond,
    EnglishWord, EnglishTo4, EnglishTo7, EnglishTo10, EnglishBeyond,
    WesternWord, WesternTo4, WesternTo7, WesternTo10, WesternBeyond,
    EasternWord, EasternTo4, EasternTo7, EasternTo10, EasternBeyond,
    PartAfterMark, PartAfterDigit, PartAfterLetter, PartTo4, PartTo7, PartBeyond,
    Capital, Capitals, HardConsonant, AccentedLetter, FarLetter,
    Digit, DigitGroup, SpaceBeforeDigit, DigitAfterLetter,
    ProseMark, ProseMarkApart, ProseMarkMore, CodeMark, CodeMarkApart, CodeMarkMore, MarkRepeated, MarkStanding,
    Space, SpaceRun, SpaceRunMore, SpaceRunBeyond, Indent, IndentMore, IndentBeyond,
    Newline, NewlineAfterMark, NewlineMore, Tab, TabMore, Control,
    CyrillicWord, CyrillicTo4, CyrillicTo8, CyrillicBeyond, RussianWord, RussianTo4, RussianTo8, RussianBeyond, CyrillicFar,
    GreekWord, GreekLetter, HebrewWord, HebrewLetter, ArabicWord, ArabicLetter,
    DevanagariWord, DevanagariLetter, IndicWord, IndicLetter, ThaiWord, ThaiLetter, HangulWord, HangulLetter,
    HiraganaRun, HiraganaLetter, KatakanaRun, KatakanaLetter, HanRun, HanChinese, HanJapanese,
    EastAsianMark, Typographic, Symbol, SymbolRepeated, Emoji, Joiner, OtherOfTwo, OtherOfThree, OtherOfFour, Invalid,
}
