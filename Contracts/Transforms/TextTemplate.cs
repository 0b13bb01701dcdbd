using System.Globalization;
using System.Text;
using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>A text with expressions in braces: <c>/v2/models/{model}/generate</c>. What they give is a text, a number, true or false.</summary>
public sealed class TextTemplate
{
    private const string Expectation = "a text, a number, true or false";

    private readonly (string Text, Expression? Expression)[] _parts;

    private TextTemplate((string, Expression?)[] parts) => _parts = parts;

    /// <param name="scope">The variables that the expressions may name.</param>
    public static TextTemplate? Compile(string text, Scope scope, FieldErrors errors, string field)
    {
        var parts = new List<(string, Expression?)>();
        var position = 0;
        while (text.IndexOf('{', position) is var open and >= 0)
        {
            parts.Add((text[position..open], null));
            if (EndOf(text, open) is not (> 0 and var close))
            {
                errors.Add(field, text, "a closing brace after each opening one");
                return null;
            }

            if (ExpressionRules.Compile(text[(open + 1)..close], scope, errors, field, offset: open + 1) is not { } expression)
            {
                return null;
            }

            if (!IsText(expression.Type.Kind) && expression.Type.Kind != ValueKind.Dyn)
            {
                errors.Add(field, $"{{{expression.Source}}}", Expectation + $"; this is of type {expression.Type}", "Take a member or an element out of it, or join a list of texts: x.join(',').");
                return null;
            }

            parts.Add(("", expression));
            position = close + 1;
        }

        parts.Add((text[position..], null));
        return new TextTemplate([.. parts.Where(part => part.Item1.Length > 0 || part.Item2 is not null)]);
    }

    /// <summary>Whether nothing in it depends on variables.</summary>
    public bool IsFixed => Array.TrueForAll(_parts, part => part.Expression is null);

    /// <param name="escape">What becomes of a value before it stands in the text.</param>
    /// <param name="fault">Why there is no text.</param>
    public string? Evaluate(ReadOnlySpan<Value> variables, Func<string, string> escape, out string? fault)
    {
        fault = null;
        var text = new StringBuilder();
        foreach (var (literal, expression) in _parts)
        {
            if (expression is null)
            {
                text.Append(literal);
                continue;
            }

            var result = expression.Evaluate(variables);
            var value = result.Value;
            if (result.Error is not null || !IsText(value.Kind))
            {
                fault = result.Error?.ToString() ?? $"{{{expression.Source}}} gives {Name(value.Kind)}, expected {Expectation}";
                return null;
            }

            text.Append(escape(value.Kind switch
            {
                ValueKind.String => value.AsString(),
                ValueKind.Int => value.AsInt().ToString(CultureInfo.InvariantCulture),
                ValueKind.Bool => value.AsBool() ? "true" : "false",
                _ => value.AsDouble().ToString(CultureInfo.InvariantCulture),
            }));
        }

        return text.ToString();
    }

    private static bool IsText(ValueKind kind) => kind is ValueKind.String or ValueKind.Int or ValueKind.Double or ValueKind.Bool;

    internal static string Name(ValueKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>The brace that closes the one at <paramref name="open"/>: neither one in a string nor that of a map.</summary>
    private static int EndOf(string text, int open)
    {
        var depth = 0;
        var quote = '\0';
        for (var i = open; i < text.Length; i++)
        {
            var unit = text[i];
            if (quote != 0)
            {
                if (unit == '\\')
                {
                    i++;
                }
                else if (unit == quote)
                {
                    quote = '\0';
                }
            }
            else if (unit is '\'' or '"')
            {
                quote = unit;
            }
            else
            {
                depth += unit == '{' ? 1 : unit == '}' ? -1 : 0;
                if (depth == 0)
                {
                    return i;
                }
            }
        }

        return -1;
    }
}
