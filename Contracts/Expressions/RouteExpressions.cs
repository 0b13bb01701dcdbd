using System.Diagnostics.CodeAnalysis;
using Orrery.Expressions;

namespace Orrery.Contracts.Expressions;

/// <summary>Compiles what stands in a route: the same way where it is applied and where it is evaluated.</summary>
public static class RouteExpressions
{
    public const int MostOfSelection = 16;

    private static readonly CompileLimits Limits = new() { Length = 4_096 };

    /// <summary>A <c>match.expression</c>: whether a request is the route's.</summary>
    public static bool TryCompileMatch(string source, [NotNullWhen(true)] out Expression? expression, out IReadOnlyList<CompileError> errors) =>
        Expression.TryCompile(source, RouteScope.Match, out expression, out errors, ExpressionType.Bool, Limits);

    /// <summary>One of <c>selection</c>: a list of models, or one model.</summary>
    public static bool TryCompileSelection(string source, [NotNullWhen(true)] out Expression? expression, out IReadOnlyList<CompileError> errors)
    {
        if (!Expression.TryCompile(source, RouteScope.Selection, out expression, out errors, limits: Limits))
        {
            return false;
        }

        var type = expression.Type;
        if (type.Kind == ValueKind.Dyn || ReferenceEquals(type, RouteScope.Model) || IsOfModels(type))
        {
            return true;
        }

        errors = [new CompileError(1, 1, "wrong type of the result", type.Name, "list(model), or a model")];
        expression = null;
        return false;
    }

    private static bool IsOfModels(ExpressionType type) =>
        type.Name == ExpressionType.List(RouteScope.Model).Name || type.Name == ExpressionType.List(ExpressionType.Dyn).Name;

    internal static void RequireMatch(this FieldErrors errors, string path, string source) =>
        errors.AddMistakes(path, source, TryCompileMatch(source, out _, out var mistakes) ? [] : mistakes, isMatch: true);

    internal static void RequireSelection(this FieldErrors errors, string path, string source) =>
        errors.AddMistakes(path, source, TryCompileSelection(source, out _, out var mistakes) ? [] : mistakes, isMatch: false);

    private static void AddMistakes(this FieldErrors errors, string path, string source, IReadOnlyList<CompileError> mistakes, bool isMatch)
    {
        foreach (var mistake in mistakes)
        {
            errors.AddMistake(
                path, source, mistake,
                isMatch && mistake is { Problem: "unknown name", Found: "'m'" or "'ai'" or "'ai.models'" } ? "Models are known in selection only: match says of the request whether it is the route's."
                : "docs/routing.md lists what an expression may name.");
        }
    }
}
