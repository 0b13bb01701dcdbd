using System.Diagnostics.CodeAnalysis;
using Orrery.Expressions.Syntax;

namespace Orrery.Expressions;

/// <summary>The variables that an expression may name, in the order in which an evaluation is given them.</summary>
/// <example><code>
/// var scope = new Scope().Variable("ai.models", ExpressionType.List(model));
/// var expression = Expression.Compile("ai.models.filter(m, m.provider_id == 'mine')", scope);
/// var result = expression.Evaluate(model.ListOf(models));
/// </code></example>
public sealed class Scope
{
    private readonly List<(string Name, ExpressionType Type)> _variables = [];

    /// <summary>Declares a variable.</summary>
    /// <param name="name">A name, or names joined by dots: <c>ai.models</c>.</param>
    /// <exception cref="ArgumentException">The name is none of CEL's, or declared already.</exception>
    public Scope Variable(string name, ExpressionType type)
    {
        if (!name.Split('.').All(IsName) || TryFind(name, out _, out _))
        {
            throw new ArgumentException($"'{name}' is no name, a reserved word, or declared already.", nameof(name));
        }

        _variables.Add((name, type));
        return this;
    }

    internal IReadOnlyList<(string Name, ExpressionType Type)> Variables => _variables;

    internal bool TryFind(string name, out int place, [NotNullWhen(true)] out ExpressionType? type)
    {
        place = _variables.FindIndex(variable => variable.Name == name);
        type = place < 0 ? null : _variables[place].Type;
        return place >= 0;
    }

    /// <summary>Whether some variable's name begins with this one and a dot.</summary>
    internal bool IsPrefix(string name) =>
        _variables.Exists(variable => variable.Name.Length > name.Length && variable.Name[name.Length] == '.' && variable.Name.StartsWith(name, StringComparison.Ordinal));

    private static bool IsName(string name) => name.Length > 0
        && !char.IsAsciiDigit(name[0])
        && name.All(unit => char.IsAsciiLetterOrDigit(unit) || unit == '_')
        && !Parser.IsReserved(name);
}
