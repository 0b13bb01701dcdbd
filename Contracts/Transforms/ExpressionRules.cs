using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>Compiles an expression of a document and says each mistake as a fault of its field.</summary>
internal static class ExpressionRules
{
    /// <returns><c>null</c> where there are mistakes, which are in <paramref name="errors"/> then.</returns>
    public static Expression? Compile(string source, Scope scope, FieldErrors errors, string field, ExpressionType? expects = null)
    {
        if (Expression.TryCompile(source, scope, out var expression, out var mistakes, expects))
        {
            return expression;
        }

        foreach (var mistake in mistakes)
        {
            errors.Add(field, mistake.Found, FormattableString.Invariant($"{mistake.Expected} at line {mistake.Line}, column {mistake.Column} of the expression: {mistake.Problem}"));
        }

        return null;
    }
}
