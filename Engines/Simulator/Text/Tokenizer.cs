using System.Text;

namespace Orrery.Simulator.Text;

/// <summary>
/// Cuts text into pieces of at most four characters and computes their ids, so that no vocabulary is stored and
/// <see cref="Decode(int)"/> is exact for every text. A word takes its leading space with it; digits go in threes; whatever is not
/// printable ASCII is a token of its own.
/// </summary>
internal static class Tokenizer
{
    public const int EndOfText = 0;
    public const int TurnStart = 1;
    public const int TurnEnd = 2;

    private const int FirstCodePoint = 16;
    private const int FirstPiece = FirstCodePoint + 0x110000;
    private const int FirstImage = 100_000_000;
    private const int Alphabet = '~' - ' ' + 2;
    private const int LongestPiece = 4;

    public static int[] Encode(string text)
    {
        var tokens = new List<int>(text.Length / 3);
        Encode(text, tokens);
        return [.. tokens];
    }

    public static void Encode(string text, List<int> tokens)
    {
        for (var start = 0; start < text.Length;)
        {
            if (!char.IsBetween(text[start], ' ', '~'))
            {
                var isPair = char.IsSurrogatePair(text, start);
                tokens.Add(FirstCodePoint + (isPair ? char.ConvertToUtf32(text, start) : text[start]));
                start += isPair ? 2 : 1;
                continue;
            }

            var length = PieceLength(text.AsSpan(start));
            tokens.Add(Id(text.AsSpan(start, length)));
            start += length;
        }
    }

    /// <summary>The token that stands for one patch of an image: it has no text, and differs from image to image so that prefixes do.</summary>
    public static int ImagePatch(ulong imageHash) => FirstImage + (int)(imageHash % 1_000_000_000);

    public static bool IsKnown(long id) => id is >= 0 and < FirstPiece or >= FirstImage and < FirstImage + 1_000_000_000L
        || (id is >= FirstPiece and < FirstImage && IsPiece((int)id));

    public static string Decode(ReadOnlySpan<int> tokens)
    {
        var text = new StringBuilder(tokens.Length * 3);
        foreach (var token in tokens)
        {
            text.Append(Decode(token));
        }

        return text.ToString();
    }

    /// <summary>The text of one token; empty for special tokens and images.</summary>
    public static string Decode(int token) => token switch
    {
        < FirstCodePoint => "",
        < FirstPiece when char.IsBetween((char)Math.Min(token - FirstCodePoint, char.MaxValue), '\ud800', '\udfff')
            && token - FirstCodePoint <= char.MaxValue => ((char)(token - FirstCodePoint)).ToString(),
        < FirstPiece => char.ConvertFromUtf32(token - FirstCodePoint),
        < FirstImage => Piece(token - FirstPiece),
        _ => "",
    };

    private static int PieceLength(ReadOnlySpan<char> text)
    {
        var start = text[0] == ' ' && text.Length > 1 && char.IsAsciiLetter(text[1]) ? 1 : 0;
        var isSame = Kind(text[start]);
        var limit = isSame == CharacterKind.Digit ? 3 : LongestPiece;
        var length = start + 1;
        while (length < Math.Min(text.Length, limit) && Kind(text[length]) == isSame)
        {
            length++;
        }

        return length;
    }

    private enum CharacterKind
    {
        Letter,
        Digit,
        Space,
        Sign,
        Other,
    }

    private static CharacterKind Kind(char character) => character switch
    {
        ' ' => CharacterKind.Space,
        _ when char.IsAsciiLetter(character) => CharacterKind.Letter,
        _ when char.IsAsciiDigit(character) => CharacterKind.Digit,
        >= '!' and <= '~' => CharacterKind.Sign,
        _ => CharacterKind.Other,
    };

    private static int Id(ReadOnlySpan<char> piece)
    {
        if (piece.Length == 1)
        {
            return FirstCodePoint + piece[0];
        }

        var number = 0;
        foreach (var character in piece)
        {
            number = (number * Alphabet) + (character - ' ' + 1);
        }

        return FirstPiece + number;
    }

    private static string Piece(int number)
    {
        Span<char> text = stackalloc char[LongestPiece + 1];
        var start = text.Length;
        for (; number > 0 && start > 0; number /= Alphabet)
        {
            text[--start] = (char)(' ' + (number % Alphabet) - 1);
        }

        return new string(text[start..]);
    }

    private static bool IsPiece(int id)
    {
        var piece = Piece(id - FirstPiece);
        return piece.Length is >= 2 and <= LongestPiece && piece.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;
    }
}
