using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.Hosting.Kubernetes.Yaml;

/// <summary>Text of a template: literal pieces and expressions that Helm fills in.</summary>
internal sealed partial class ChartText
{
    private readonly List<(string Text, bool IsExpression)> _pieces = [];

    /// <summary>What stands in a template for two braces that are meant as such.</summary>
    public const string EscapedBraces = "{{ `{{` }}";

    /// <summary>
    /// Whether it is written in lines. Text that begins with a space or ends with a newline is not: in a block the one would be taken
    /// for indentation, and of the other Helm may cut the end, as it trims what it renders.
    /// </summary>
    public bool IsBlock => _pieces.Exists(piece => !piece.IsExpression && piece.Text.Contains('\n', StringComparison.Ordinal))
        && !(_pieces[^1] is { IsExpression: false } last && last.Text.EndsWith('\n'))
        && !(_pieces[0] is { IsExpression: false } first && first.Text[0] is ' ' or '\n' or '\t')
        && !_pieces.Exists(piece => !piece.IsExpression && piece.Text.Any(letter => char.IsControl(letter) && letter != '\n'));

    /// <summary>Whether nothing is left for Helm to fill in.</summary>
    public bool IsLiteral => _pieces.TrueForAll(piece => !piece.IsExpression);

    public static ChartText Of(string literal) => new ChartText().Literal(literal);

    public static ChartText OfExpression(string expression) => new ChartText().Expression(expression);

    /// <summary>Text in which <c>{{ … }}</c> are Helm's: as a customization writes it.</summary>
    public static ChartText Template(string text)
    {
        var result = new ChartText();
        var at = 0;
        foreach (Match action in Action().Matches(text))
        {
            result.Literal(text[at..action.Index]).Expression(action.Groups[1].Value.Trim());
            at = action.Index + action.Length;
        }

        return result.Literal(text[at..]);
    }

    /// <summary>A single expression whose result is a number.</summary>
    public static bool IsNumeric(string text) => NumericAction().IsMatch(text);

    public ChartText Literal(string text)
    {
        if (text.Length > 0)
        {
            _pieces.Add((text, false));
        }

        return this;
    }

    /// <summary>An expression without its braces.</summary>
    public ChartText Expression(string expression)
    {
        _pieces.Add((expression, true));
        return this;
    }

    public ChartText Append(ChartText other)
    {
        _pieces.AddRange(other._pieces);
        return this;
    }

    /// <summary>On one line: in double quotes, or one expression that quotes itself.</summary>
    public string AsScalar()
    {
        if (_pieces is [{ IsExpression: true } only] && !IsFlow(only.Text))
        {
            return $"{{{{ {only.Text} | quote }}}}";
        }

        var text = new StringBuilder("\"");
        foreach (var (piece, isExpression) in _pieces)
        {
            text.Append(isExpression ? $"{{{{ {piece} }}}}" : Escape(piece));
        }

        return text.Append('"').ToString();
    }

    /// <summary>The lines of a literal block.</summary>
    public string AsBlock() => AsTemplate();

    /// <summary>The text without quotes, as it stands inside other text.</summary>
    public string AsTemplate() => string.Concat(_pieces.Select(piece => piece.IsExpression ? $"{{{{ {piece.Text} }}}}" : Braces(piece.Text)));

    private static bool IsFlow(string expression) =>
        expression.StartsWith("if ", StringComparison.Ordinal) || expression is "else" or "end";

    private static string Escape(string literal)
    {
        var text = new StringBuilder(literal.Length);
        foreach (var letter in literal)
        {
            _ = letter switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\t' => text.Append("\\t"),
                '\r' => text.Append("\\r"),
                '\n' => text.Append("\\n"),
                < ' ' => text.Append(FormattableString.Invariant($"\\x{(int)letter:x2}")),
                _ => text.Append(letter),
            };
        }

        return Braces(text.ToString());
    }

    // Braces that are meant as such: Helm would take them for its own.
    private static string Braces(string literal) => literal.Replace("{{", EscapedBraces, StringComparison.Ordinal);

    [GeneratedRegex(@"\{\{-?\s*(.*?)\s*-?\}\}", RegexOptions.Singleline)]
    private static partial Regex Action();

    [GeneratedRegex(@"^\{\{[^}]*\|\s*(int|int64|float64)\s*\}\}$")]
    private static partial Regex NumericAction();
}
