using System.Text;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>Splits at blanks that no quotes enclose. The quotes stay: they mean something only when the word is expanded.</summary>
internal static class QuotedWords
{
    public static IReadOnlyList<(string Text, int Start)> Split(string text, char escape)
    {
        var words = new List<(string, int)>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var start = at;
            var word = ReadWord(text, ref at, escape);
            if (word.Length > 0)
            {
                words.Add((word, start));
            }
        }

        return words;
    }

    private static string ReadWord(string text, ref int at, char escape)
    {
        var (word, quote) = (new StringBuilder(), '\0');
        for (; at < text.Length && (quote != '\0' || !char.IsWhiteSpace(text[at])); at++)
        {
            var sign = text[at];
            if (sign == escape && quote != '\'')
            {
                // The sign after it stays as it is; at the end there is none, and the escape character goes.
                if (at + 1 < text.Length)
                {
                    word.Append(sign).Append(text[++at]);
                }

                continue;
            }

            var opens = quote == '\0' && sign is '\'' or '"';
            quote = sign == quote ? '\0' : opens ? sign : quote;
            word.Append(sign);
        }

        return word.ToString();
    }
}
