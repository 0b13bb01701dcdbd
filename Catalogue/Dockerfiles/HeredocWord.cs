namespace Orrery.Catalogue.Dockerfiles;

/// <summary><c>&lt;&lt;EOF</c>, <c>&lt;&lt;-EOF</c>, <c>3&lt;&lt;"EOF"</c>: a word that announces lines after the instruction.</summary>
internal sealed record HeredocWord(string Name, bool CutsTabs, bool Expands)
{
    /// <summary>As the shell would split the line; none where a quote in it is not closed.</summary>
    public static IReadOnlyList<(string Text, int Start)> Words(string line) =>
        new WordLexer(line, VariableScope.Empty, '\\', new ExpansionBudget()) { KeepsQuotes = true, KeepsEscapes = true }.Words() ?? [];

    public static HeredocWord? Parse(string word)
    {
        var rest = word.AsSpan().TrimStart("0123456789");
        if (!rest.StartsWith("<<"))
        {
            return null;
        }

        var cutsTabs = rest.Length > 2 && rest[2] == '-';
        var name = rest[(cutsTabs ? 3 : 2)..].TrimStart().ToString();
        if (name.Length == 0 || name.Contains('<'))
        {
            return null;
        }

        // Quotes that go when they are processed were quotes; those that stay were escaped.
        var plain = Lexed(name, keepsQuotes: false);
        var raw = Lexed(name, keepsQuotes: true);
        return plain is [var (single, _)] && raw is [var (quoted, _)] ? new HeredocWord(single, cutsTabs, Quotes(single) == Quotes(quoted)) : null;
    }

    private static IReadOnlyList<(string Text, int Start)>? Lexed(string name, bool keepsQuotes) =>
        new WordLexer(name, VariableScope.Empty, '\\', new ExpansionBudget()) { KeepsQuotes = keepsQuotes }.Words();

    private static int Quotes(string text) => text.Count(sign => sign is '\'' or '"');
}
