using static Orrery.Gateway.Tokens.CharacterKinds;
using static Orrery.Gateway.Tokens.TextFeature;

namespace Orrery.Gateway.Tokens;

/// <summary>Counts what a text consists of, in one pass that may come in pieces. <c>Bench/tokens/features.mjs</c> counts the same; the test's vectors hold the two together.</summary>
/// <remarks>What is counted is decided by what came before and never taken back, so that a text which grows never costs less.</remarks>
internal ref struct TextScanner
{
    /// <summary>For so many words after a sign of a language a text is taken to be in it: an accented letter, an English word that no other language has, a letter of Russian.</summary>
    private const int SignLasts = 20;

    /// <summary>For so many characters after a kana a Han character is taken for Japanese.</summary>
    private const int JapaneseLasts = 32;

    private readonly Span<int> _counts;
    private CharacterKind _previous;
    private int _previousCode;
    private int _position;
    private TextFeature _next = WordTo4;
    private int _consonants;
    private uint _packed;
    private bool _indented;
    private int _english;
    private int _western;
    private int _eastern;
    private int _russian;
    private int _japanese;

    /// <param name="counts">A zero for each <see cref="TextFeature"/>.</param>
    public TextScanner(Span<int> counts) => _counts = counts;

    /// <summary>Takes text that ends with a whole character.</summary>
    public void Append(scoped ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var first = text[0];
            if (first < 0x80)
            {
                Take(Of(first), first);
                text = text[1..];
                continue;
            }

            var (code, length) = Utf8Character.First(text);
            Take(code == Utf8Character.Invalid ? CharacterKind.Invalid : Of(code), code);
            text = text[length..];
        }
    }

    /// <summary>Begins another text.</summary>
    public void Break() => this = new TextScanner(_counts);

    private readonly void Add(TextFeature feature) => _counts[(int)feature]++;

    private void Take(CharacterKind kind, int code)
    {
        var isLetter = IsLetter(kind);
        if (_position == 1 && IsMark(_previous) && !isLetter && !IsMark(kind))
        {
            Add(MarkStanding);
        }

        if (_japanese > 0)
        {
            _japanese--;
        }

        if (isLetter)
        {
            Letter(kind, code);
        }
        else
        {
            if (IsLetter(_previous) && IsEnglish(_packed))
            {
                _english = SignLasts;
            }

            Other(kind, code);
        }

        _previous = kind;
        _previousCode = code;
    }

    private void Other(CharacterKind kind, int code)
    {
        switch (kind)
        {
            case CharacterKind.Space:
                Space();
                break;
            case CharacterKind.Newline:
                Add(_previous == CharacterKind.Newline ? NewlineMore : IsMark(_previous) ? NewlineAfterMark : Newline);
                break;
            case CharacterKind.Tab:
                Add(_previous == CharacterKind.Tab ? TabMore : Tab);
                break;
            case CharacterKind.Digit:
                OneDigit();
                break;
            case CharacterKind.ProseMark or CharacterKind.CodeMark:
                Mark(kind, code);
                break;
            case CharacterKind.Cyrillic or CharacterKind.CyrillicFar:
                Cyrillic(kind, code);
                break;
            case CharacterKind.Han:
                Han();
                break;
            case CharacterKind.Symbol:
                Add(code == _previousCode ? SymbolRepeated : Symbol);
                break;
            case CharacterKind.Hiragana or CharacterKind.Katakana:
                Add(InRun(kind));
                _japanese = JapaneseLasts;
                break;
            default:
                Add(InRun(kind));
                break;
        }
    }

    private void Letter(CharacterKind kind, int code)
    {
        var low = (uint)(code | 0x20);
        if (IsLetter(_previous) && !(_previous == CharacterKind.Lower && kind == CharacterKind.Upper))
        {
            _position++;
            _packed = _position <= 4 ? (_packed << 8) + low : 0;
            Add(kind == CharacterKind.Upper && _previous == CharacterKind.Upper ? Capitals : LetterInWord());
        }
        else
        {
            Word(kind, low);
        }

        if (kind is CharacterKind.Accented or CharacterKind.FarLetter)
        {
            Accent(kind);
        }
        else if (IsVowel(low))
        {
            _consonants = 0;
        }
        else if (++_consonants > 3)
        {
            Add(HardConsonant);
        }
    }

    private readonly TextFeature LetterInWord() => _next == PartTo4
        ? _position switch { <= 4 => PartTo4, <= 7 => PartTo7, _ => PartBeyond }
        : _next + _position switch { <= 4 => 0, <= 7 => 1, <= 10 => 2, _ => 3 };

    private void Word(CharacterKind kind, uint low)
    {
        var wasLetter = IsLetter(_previous);
        var isPart = wasLetter || _previous == CharacterKind.Digit || IsMark(_previous);
        if (isPart)
        {
            Add(wasLetter ? PartAfterLetter : _previous == CharacterKind.Digit ? PartAfterDigit : PartAfterMark);
            _next = PartTo4;
        }
        else
        {
            var start = _eastern > 0 ? EasternWord : _western > 0 ? WesternWord : _english > 0 ? EnglishWord : TextFeature.Word;
            Add(start);
            _next = start + 1;
            if (kind == CharacterKind.Upper)
            {
                Add(Capital);
            }

            _eastern = Math.Max(0, _eastern - 1);
            _western = Math.Max(0, _western - 1);
            _english = Math.Max(0, _english - 1);
        }

        _position = 1;
        _consonants = 0;
        _packed = isPart ? 0 : low;
    }

    private void Accent(CharacterKind kind)
    {
        if (kind == CharacterKind.Accented)
        {
            Add(AccentedLetter);
            _western = SignLasts;
        }
        else
        {
            Add(FarLetter);
            _eastern = SignLasts;
        }

        _consonants = 0;
        _packed = 0;
    }

    private void OneDigit()
    {
        if (_previous != CharacterKind.Digit)
        {
            _position = 0;
            if (_previous == CharacterKind.Space)
            {
                Add(SpaceBeforeDigit);
            }
            else if (IsLetter(_previous))
            {
                Add(DigitAfterLetter);
            }
        }

        Add(Digit);
        if (_position % 3 == 0)
        {
            Add(DigitGroup);
        }

        _position++;
    }

    private void Mark(CharacterKind kind, int code)
    {
        var isProse = kind == CharacterKind.ProseMark;
        if (IsMark(_previous))
        {
            _position++;
            Add(code == _previousCode ? MarkRepeated : isProse ? ProseMarkMore : CodeMarkMore);
        }
        else
        {
            _position = 1;
            Add((isProse ? ProseMark : CodeMark) + (_previous == CharacterKind.Space ? 1 : 0));
        }
    }

    private void Space()
    {
        if (_previous != CharacterKind.Space)
        {
            _position = 1;
            _indented = _previous is CharacterKind.Newline or CharacterKind.Start;
            Add(TextFeature.Space);
            return;
        }

        _position++;
        Add((_indented ? Indent : SpaceRun) + _position switch { 2 => 0, <= 16 => 1, _ => 2 });
    }

    private void Cyrillic(CharacterKind kind, int code)
    {
        _position = IsCyrillic(_previous) ? _position + 1 : 1;
        if (_position == 1)
        {
            _next = _russian > 0 ? RussianWord : CyrillicWord;
            _russian = Math.Max(0, _russian - 1);
        }

        Add(_next + _position switch { 1 => 0, <= 4 => 1, <= 8 => 2, _ => 3 });
        if (code is 'ы' or 'э' or 'Ы' or 'Э')
        {
            _russian = SignLasts;
        }

        if (kind == CharacterKind.CyrillicFar)
        {
            Add(CyrillicFar);
        }
    }

    private readonly void Han()
    {
        if (_previous != CharacterKind.Han)
        {
            Add(HanRun);
        }

        Add(_japanese > 0 ? HanJapanese : HanChinese);
    }

    /// <summary>What a character counts as of which nothing but the kind matters, or whether another of the kind is before it.</summary>
    private readonly TextFeature InRun(CharacterKind kind)
    {
        var more = _previous == kind ? 1 : 0;
        return kind switch
        {
            CharacterKind.Greek => GreekWord + more,
            CharacterKind.Hebrew => HebrewWord + more,
            CharacterKind.Arabic => ArabicWord + more,
            CharacterKind.Devanagari => DevanagariWord + more,
            CharacterKind.Indic => IndicWord + more,
            CharacterKind.Thai => ThaiWord + more,
            CharacterKind.Hangul => HangulWord + more,
            CharacterKind.Hiragana => HiraganaRun + more,
            CharacterKind.Katakana => KatakanaRun + more,
            CharacterKind.Control => Control,
            CharacterKind.EastAsianMark => EastAsianMark,
            CharacterKind.Typographic => Typographic,
            CharacterKind.Emoji => Emoji,
            CharacterKind.Joiner => Joiner,
            CharacterKind.OtherOfTwo => OtherOfTwo,
            CharacterKind.OtherOfThree => OtherOfThree,
            CharacterKind.OtherOfFour => OtherOfFour,
            _ => Invalid,
        };
    }

    private static bool IsVowel(uint low) => low is 'a' or 'e' or 'i' or 'o' or 'u' or 'y';

    /// <summary>Whether these are the letters of a short English word, a byte each.</summary>
    private static bool IsEnglish(uint packed) => packed is
        0x746865 // the
        or 0x6F66 // of
        or 0x616E64 // and
        or 0x666F72 // for
        or 0x77697468 // with
        or 0x74686174 // that
        or 0x74686973 // this
        or 0x617265 // are
        or 0x796F75 // you
        or 0x66726F6D // from
        or 0x6E6F74 // not
        or 0x68617665; // have
}
