// What a text consists of, counted in one pass over its UTF-8 bytes. Gateway/Tokens/TextScanner.cs counts the same; Tests hold the two together.

export const features = [
  'Word', 'WordTo4', 'WordTo7', 'WordTo10', 'WordBeyond',
  'EnglishWord', 'EnglishTo4', 'EnglishTo7', 'EnglishTo10', 'EnglishBeyond',
  'WesternWord', 'WesternTo4', 'WesternTo7', 'WesternTo10', 'WesternBeyond',
  'EasternWord', 'EasternTo4', 'EasternTo7', 'EasternTo10', 'EasternBeyond',
  'PartAfterMark', 'PartAfterDigit', 'PartAfterLetter', 'PartTo4', 'PartTo7', 'PartBeyond',
  'Capital', 'Capitals', 'HardConsonant', 'AccentedLetter', 'FarLetter',
  'Digit', 'DigitGroup', 'SpaceBeforeDigit', 'DigitAfterLetter',
  'ProseMark', 'ProseMarkApart', 'ProseMarkMore', 'CodeMark', 'CodeMarkApart', 'CodeMarkMore', 'MarkRepeated', 'MarkStanding',
  'Space', 'SpaceRun', 'SpaceRunMore', 'SpaceRunBeyond', 'Indent', 'IndentMore', 'IndentBeyond',
  'Newline', 'NewlineAfterMark', 'NewlineMore', 'Tab', 'TabMore', 'Control',
  'CyrillicWord', 'CyrillicTo4', 'CyrillicTo8', 'CyrillicBeyond', 'RussianWord', 'RussianTo4', 'RussianTo8', 'RussianBeyond', 'CyrillicFar',
  'GreekWord', 'GreekLetter', 'HebrewWord', 'HebrewLetter', 'ArabicWord', 'ArabicLetter',
  'DevanagariWord', 'DevanagariLetter', 'IndicWord', 'IndicLetter', 'ThaiWord', 'ThaiLetter', 'HangulWord', 'HangulLetter',
  'HiraganaRun', 'HiraganaLetter', 'KatakanaRun', 'KatakanaLetter', 'HanRun', 'HanChinese', 'HanJapanese',
  'EastAsianMark', 'Typographic', 'Symbol', 'SymbolRepeated', 'Emoji', 'Joiner', 'OtherOfTwo', 'OtherOfThree', 'OtherOfFour', 'Invalid',
];

const F = Object.fromEntries(features.map((name, index) => [name, index]));

// Kinds of characters. A run is a stretch of one kind.
const kinds = [
  'Start', 'Space', 'Newline', 'Tab', 'Control', 'Lower', 'Upper', 'Accented', 'FarLetter', 'Digit', 'ProseMark', 'CodeMark',
  'Cyrillic', 'CyrillicFar', 'Greek', 'Hebrew', 'Arabic', 'Devanagari', 'Indic', 'Thai', 'Hangul', 'Hiragana', 'Katakana', 'Han',
  'EastAsianMark', 'Typographic', 'Symbol', 'Emoji', 'Joiner', 'OtherOfTwo', 'OtherOfThree', 'OtherOfFour', 'Invalid',
];
const K = Object.fromEntries(kinds.map((name, index) => [name, index]));

const proseMarks = new Set([...'.,;:!?\'()-'].map(c => c.charCodeAt(0)));
const vowels = new Set([...'aeiouyAEIOUY'].map(c => c.charCodeAt(0)));

// First code point after each range, and what the range is; in order.
const ranges = [
  [0xA0, 'Control'], [0xC0, 'Typographic'], [0xD7, 'Accented'], [0xD8, 'Typographic'], [0xF7, 'Accented'], [0xF8, 'Typographic'], [0x100, 'Accented'], [0x250, 'FarLetter'],
  [0x370, 'OtherOfTwo'], [0x400, 'Greek'], [0x410, 'CyrillicFar'], [0x450, 'Cyrillic'], [0x530, 'CyrillicFar'], [0x590, 'OtherOfTwo'], [0x600, 'Hebrew'], [0x780, 'Arabic'],
  [0x800, 'OtherOfTwo'], [0x900, 'OtherOfThree'], [0x980, 'Devanagari'], [0xE00, 'Indic'], [0xE80, 'Thai'], [0x1E00, 'OtherOfThree'], [0x1F00, 'FarLetter'], [0x2000, 'Greek'],
  [0x200B, 'Typographic'], [0x2010, 'Joiner'], [0x2028, 'Typographic'], [0x2190, 'OtherOfThree'], [0x2600, 'Symbol'], [0x27C0, 'Emoji'], [0x2B00, 'Symbol'], [0x2C00, 'Emoji'],
  [0x3000, 'OtherOfThree'], [0x3040, 'EastAsianMark'], [0x30A0, 'Hiragana'], [0x3100, 'Katakana'], [0x4E00, 'OtherOfThree'], [0xA000, 'Han'], [0xAC00, 'OtherOfThree'],
  [0xD7A4, 'Hangul'], [0xFB50, 'OtherOfThree'], [0xFE00, 'Arabic'], [0xFE10, 'Joiner'], [0xFE70, 'OtherOfThree'], [0xFF00, 'Arabic'], [0xFF66, 'EastAsianMark'], [0xFFA0, 'Katakana'],
  [0x1F000, 'OtherOfThree'], [0x1FB00, 'Emoji'], [0x110000, 'OtherOfFour'],
].map(([end, kind]) => [end, K[kind]]);

function kindOf(code, length) {
  if (code < 0x80) {
    if (code === 0x20) return K.Space;
    if (code === 0x0A || code === 0x0D) return K.Newline;
    if (code === 0x09) return K.Tab;
    if (code < 0x20 || code === 0x7F) return K.Control;
    if (code >= 0x61 && code <= 0x7A) return K.Lower;
    if (code >= 0x41 && code <= 0x5A) return K.Upper;
    if (code >= 0x30 && code <= 0x39) return K.Digit;
    return proseMarks.has(code) ? K.ProseMark : K.CodeMark;
  }
  const kind = ranges.find(([end]) => code < end)[1];
  return length === 4 && kind === K.OtherOfThree ? K.OtherOfFour : kind;
}

const isLetter = kind => kind >= K.Lower && kind <= K.FarLetter;
const isMark = kind => kind === K.ProseMark || kind === K.CodeMark;

// Scripts of which a run is counted as its first letter and the others.
const scripts = new Map([
  [K.Greek, [F.GreekWord, F.GreekLetter]], [K.Hebrew, [F.HebrewWord, F.HebrewLetter]], [K.Arabic, [F.ArabicWord, F.ArabicLetter]],
  [K.Devanagari, [F.DevanagariWord, F.DevanagariLetter]], [K.Indic, [F.IndicWord, F.IndicLetter]], [K.Thai, [F.ThaiWord, F.ThaiLetter]],
  [K.Hangul, [F.HangulWord, F.HangulLetter]], [K.Hiragana, [F.HiraganaRun, F.HiraganaLetter]], [K.Katakana, [F.KatakanaRun, F.KatakanaLetter]],
]);

// Characters that count one by one.
const single = new Map([
  [K.Control, F.Control], [K.EastAsianMark, F.EastAsianMark], [K.Typographic, F.Typographic], [K.Emoji, F.Emoji], [K.Joiner, F.Joiner],
  [K.OtherOfTwo, F.OtherOfTwo], [K.OtherOfThree, F.OtherOfThree], [K.OtherOfFour, F.OtherOfFour], [K.Invalid, F.Invalid],
]);

// A text is taken to be in a language for so many words after a sign of it: a letter of the west or the east of Europe, an English word of no other language, a letter of Russian.
const signLasts = 20;
const englishSigns = new Set(['the', 'of', 'and', 'for', 'with', 'that', 'this', 'are', 'you', 'from', 'not', 'have'].map(word => [...word].reduce((packed, letter) => (packed * 256) + letter.charCodeAt(0), 0)));
const russianSigns = new Set([...'ыэЫЭ'].map(letter => letter.codePointAt(0)));
const japaneseLetters = 32; // For so many characters after a kana a Han character is taken for Japanese.

export function scan(bytes) {
  const counts = new Int32Array(features.length);
  let [previous, previousCode, position, next, consonants, packed, indented] = [K.Start, 0, 0, F.WordTo4, 0, 0, false];
  let [english, western, eastern, russian, sinceKana] = [0, 0, 0, 0, japaneseLetters];
  const add = feature => { counts[feature]++; };

  for (let at = 0; at < bytes.length;) {
    const [code, length] = decode(bytes, at);
    at += length;
    const kind = code < 0 ? K.Invalid : kindOf(code, length);
    const wasLetter = isLetter(previous);
    if (isMark(previous) && position === 1 && !isLetter(kind) && !isMark(kind)) add(F.MarkStanding);
    if (sinceKana < japaneseLetters) sinceKana++;

    if (wasLetter && !isLetter(kind) && englishSigns.has(packed)) english = signLasts;

    if (isLetter(kind)) {
      const low = code | 0x20;
      if (wasLetter && !(previous === K.Lower && kind === K.Upper)) {
        position++;
        packed = position <= 4 ? packed * 256 + low : 0;
        if (kind === K.Upper && previous === K.Upper) add(F.Capitals);
        else if (next === F.PartTo4) add(position <= 4 ? F.PartTo4 : position <= 7 ? F.PartTo7 : F.PartBeyond);
        else add(next + (position <= 4 ? 0 : position <= 7 ? 1 : position <= 10 ? 2 : 3));
      } else {
        const isPart = wasLetter || previous === K.Digit || isMark(previous);
        if (isPart) {
          add(wasLetter ? F.PartAfterLetter : previous === K.Digit ? F.PartAfterDigit : F.PartAfterMark);
          next = F.PartTo4;
        } else {
          const start = eastern > 0 ? F.EasternWord : western > 0 ? F.WesternWord : english > 0 ? F.EnglishWord : F.Word;
          add(start);
          next = start + 1;
          if (kind === K.Upper) add(F.Capital);
          if (eastern > 0) eastern--;
          if (western > 0) western--;
          if (english > 0) english--;
        }
        position = 1;
        consonants = 0;
        packed = isPart ? 0 : low;
      }
      if (kind === K.Accented || kind === K.FarLetter) {
        add(kind === K.Accented ? F.AccentedLetter : F.FarLetter);
        if (kind === K.Accented) western = signLasts;
        else eastern = signLasts;
        consonants = 0;
        packed = 0;
      } else if (vowels.has(code)) {
        consonants = 0;
      } else if (++consonants > 3) {
        add(F.HardConsonant);
      }
    } else if (kind === K.Digit) {
      if (previous !== K.Digit) {
        position = 0;
        if (previous === K.Space) add(F.SpaceBeforeDigit);
        else if (wasLetter) add(F.DigitAfterLetter);
      }
      add(F.Digit);
      if (position % 3 === 0) add(F.DigitGroup);
      position++;
    } else if (isMark(kind)) {
      const isProse = kind === K.ProseMark;
      if (isMark(previous)) {
        position++;
        add(code === previousCode ? F.MarkRepeated : isProse ? F.ProseMarkMore : F.CodeMarkMore);
      } else {
        position = 1;
        add((isProse ? F.ProseMark : F.CodeMark) + (previous === K.Space ? 1 : 0));
      }
    } else if (kind === K.Space) {
      if (previous === K.Space) {
        position++;
        if (position === 2) add(indented ? F.Indent : F.SpaceRun);
        else add((indented ? F.IndentMore : F.SpaceRunMore) + (position > 16 ? 1 : 0));
      } else {
        position = 1;
        indented = previous === K.Newline || previous === K.Start;
        add(F.Space);
      }
    } else if (kind === K.Newline) {
      add(previous === K.Newline ? F.NewlineMore : isMark(previous) ? F.NewlineAfterMark : F.Newline);
    } else if (kind === K.Tab) {
      add(previous === K.Tab ? F.TabMore : F.Tab);
    } else if (kind === K.Cyrillic || kind === K.CyrillicFar) {
      position = previous === K.Cyrillic || previous === K.CyrillicFar ? position + 1 : 1;
      if (position === 1) {
        next = russian > 0 ? F.RussianWord : F.CyrillicWord;
        if (russian > 0) russian--;
      }
      add(next + (position === 1 ? 0 : position <= 4 ? 1 : position <= 8 ? 2 : 3));
      if (russianSigns.has(code)) russian = signLasts;
      if (kind === K.CyrillicFar) add(F.CyrillicFar);
    } else if (kind === K.Han) {
      if (previous !== K.Han) add(F.HanRun);
      add(sinceKana < japaneseLetters ? F.HanJapanese : F.HanChinese);
    } else if (kind === K.Symbol) {
      add(code === previousCode ? F.SymbolRepeated : F.Symbol);
    } else if (scripts.has(kind)) {
      add(scripts.get(kind)[previous === kind ? 1 : 0]);
      if (kind === K.Hiragana || kind === K.Katakana) sinceKana = 0;
    } else {
      add(single.get(kind));
    }
    previous = kind;
    previousCode = code;
  }
  return counts;
}

// The character at a place and its length; -1 and 1 for a byte that begins none.
function decode(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [first, 1];
  const length = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return [-1, 1];
  let code = first & (0xFF >> (length + 1));
  for (let index = 1; index < length; index++) {
    if ((bytes[at + index] & 0xC0) !== 0x80) return [-1, 1];
    code = (code << 6) | (bytes[at + index] & 0x3F);
  }
  const isMeant = length === 2 || (length === 3 ? code >= 0x800 && (code < 0xD800 || code > 0xDFFF) : code >= 0x10000 && code <= 0x10FFFF);
  return isMeant ? [code, length] : [-1, 1];
}

export const slack = 8;

// A table is two columns of thousandths of a token: likely and upper.
export function estimate(bytes, table) {
  const counts = scan(bytes);
  let [likely, upper] = [0, 0];
  for (let feature = 0; feature < counts.length; feature++) {
    likely += counts[feature] * table.likely[feature];
    upper += counts[feature] * table.upper[feature];
  }
  if (bytes.length === 0) return { likely: 0, upper: 0 };
  // No tokenizer that falls back to bytes makes more tokens than bytes, and one of SentencePiece puts a space before; a broken byte becomes a character of three.
  const most = bytes.length + 2 * counts[F.Invalid] + 1;
  return { likely: Math.min(most, Math.ceil(likely / 1000)), upper: Math.min(most, Math.ceil(upper / 1000) + slack) };
}
