namespace Orrery.Tests.Hosting.Surface;

/// <summary>A type as the table writes it: <c>RB&lt;T&gt;?</c>, <c>Dictionary&lt;string, object&gt;</c>, <c>string[]?</c>.</summary>
/// <param name="Name">Without arguments.</param>
/// <param name="Arguments">Generic arguments.</param>
/// <param name="Suffix"><c>?</c>, <c>[]</c>, <c>[]?</c> or nothing.</param>
internal sealed record TypeText(string Name, IReadOnlyList<TypeText> Arguments, string Suffix)
{
    /// <summary>This type and every type that it mentions.</summary>
    public IEnumerable<TypeText> All => Arguments.SelectMany(argument => argument.All).Prepend(this);

    public static TypeText Parse(string text)
    {
        var end = text.Length;
        while (end > 0 && text[end - 1] is '?' or '[' or ']')
        {
            end--;
        }

        var suffix = text[end..];
        var open = text.IndexOf('<', StringComparison.Ordinal);
        return open < 0 || open > end
            ? new TypeText(text[..end], [], suffix)
            : new TypeText(text[..open], [.. Split(text[(open + 1)..(end - 1)], ',').Select(Parse)], suffix);
    }

    /// <summary>Splits at <paramref name="separator"/> outside of brackets.</summary>
    public static IReadOnlyList<string> Split(string text, char separator)
    {
        var parts = new List<string>();
        var depth = 0;
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '<' or '(' => 1, '>' or ')' => -1, _ => 0 };
            if (depth == 0 && text[i] == separator)
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
        }

        parts.Add(text[start..].Trim());
        return text.Length == 0 ? [] : parts;
    }
}
