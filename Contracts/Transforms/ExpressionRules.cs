using Orrery.Contracts.Expressions;
using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>Compiles an expression of a document and says each mistake as a fault of its field.</summary>
internal static class ExpressionRules
{
    /// <param name="offset">So many characters of the field stand before it.</param>
    /// <returns><c>null</c> where there are mistakes, which are in <paramref name="errors"/> then.</returns>
    public static Expression? Compile(string source, Scope scope, FieldErrors errors, string field, ExpressionType? expects = null, int offset = 0)
    {
        if (Expression.TryCompile(source, scope, out var expression, out var mistakes, expects))
        {
            return expression;
        }

        foreach (var mistake in mistakes)
        {
            errors.AddMistake(field, source, mistake, offset: offset);
        }

        return null;
    }
}
