using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Yaml;

namespace Aspire.Hosting.Kubernetes;

/// <summary>The value of a variable or an argument in a chart: text, expressions, and secrets that only the pod sees.</summary>
internal sealed partial class ChartValue
{
    private readonly List<Part> _parts = [];

    internal abstract record Part;

    internal sealed record Literal(string Text) : Part;

    internal sealed record Expression(string Text) : Part;

    internal sealed record Secret(ParameterResource Parameter, bool ForUri) : Part;

    public IReadOnlyList<Part> Parts => _parts;

    public bool HasSecrets => _parts.Exists(part => part is Secret);

    /// <summary>Nothing for an operator to fill in.</summary>
    public bool IsLiteral => _parts.TrueForAll(part => part is Literal);

    /// <summary>The secret, when the value is nothing else.</summary>
    public Secret? OnlySecret => _parts is [Secret secret] ? secret : null;

    public static ChartValue Of(string literal) => new ChartValue().Add(new Literal(literal));

    public static ChartValue OfExpression(string expression) => new ChartValue().Add(new Expression(expression));

    public ChartValue Add(Part part)
    {
        if (part is not Literal { Text.Length: 0 })
        {
            _parts.Add(part);
        }

        return this;
    }

    public ChartValue Add(ChartValue other)
    {
        _parts.AddRange(other._parts);
        return this;
    }

    /// <summary>Encoded for a URI.</summary>
    public ChartValue ForUri()
    {
        var encoded = new ChartValue();
        foreach (var part in _parts)
        {
            encoded.Add(part switch
            {
                Literal literal => new Literal(Uri.EscapeDataString(literal.Text)),
                Expression expression => new Expression($"{expression.Text} | urlquery"),
                _ => (Secret)part with { ForUri = true },
            });
        }

        return encoded;
    }

    /// <summary>As text of a template that Kubernetes does not expand.</summary>
    public ChartText ToText()
    {
        var text = new ChartText();
        foreach (var part in _parts)
        {
            _ = part switch
            {
                Literal literal => text.Literal(literal.Text),
                Expression expression => text.Expression(expression.Text),
                _ => throw new InvalidOperationException("A secret must not stand in a template."),
            };
        }

        return text;
    }

    /// <summary>As text in which the kubelet puts variables in the place of secrets: <c>$(NAME)</c>.</summary>
    public ChartText ToExpandedText(Func<Secret, string> variableOf)
    {
        var text = new ChartText();
        foreach (var part in _parts)
        {
            _ = part switch
            {
                Literal literal => text.Literal(Dollars().Replace(literal.Text, match => match.Value.Replace("$", "$$", StringComparison.Ordinal))),
                Expression expression => text.Expression(expression.Text),
                _ => text.Literal($"$({variableOf((Secret)part)})"),
            };
        }

        return text;
    }

    // Two dollars stand for one, and one before a parenthesis begins a variable; at the end, the parenthesis may be the next part's.
    [GeneratedRegex(@"\$+\(|\$\$+|\$$")]
    private static partial Regex Dollars();
}
