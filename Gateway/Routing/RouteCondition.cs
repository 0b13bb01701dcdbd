using Orrery.Contracts.Expressions;
using Orrery.Expressions;

namespace Orrery.Gateway.Routing;

/// <summary>A route's <c>match.expression</c>, compiled once a snapshot.</summary>
internal sealed class RouteCondition
{
    private const string Field = "match.expression";

    private readonly string _route;
    private readonly Expression? _expression;
    private readonly EvaluationSettings _settings;

    public RouteCondition(string route, string source, Random? random)
    {
        (_route, _settings) = (route, new EvaluationSettings(ExpressionLimits.OfRoutes, random));
        Fault = RouteExpressions.TryCompileMatch(source, out _expression, out var errors) ? null : $"its {Field} is not understood by this release: {errors[0]}";
    }

    /// <summary>Why it holds of no request.</summary>
    public string? Fault { get; }

    /// <summary><c>null</c>: it failed, and what went wrong is noted.</summary>
    public bool? Holds(Exchange exchange)
    {
        var facts = exchange.Facts;
        if (_expression is null)
        {
            facts.Note(new(_route, Field, EvaluationErrorKind.InvalidArgument, Fault!));
            return null;
        }

        var (key, team) = facts.Caller;
        var result = _expression.Evaluate(_settings, facts.Request, key, team);
        if (result.Error is not { } error)
        {
            return result.IsTrue;
        }

        facts.Note(new(_route, Field, error.Kind, error.ToString()));
        return null;
    }
}

/// <summary>What one expression may take of a request's time and memory.</summary>
internal static class ExpressionLimits
{
    /// <summary>Of an expression that uses them up: some 30 ms. A filter over 1,000 models takes a hundredth of it.</summary>
    public static readonly EvaluationLimits OfRoutes = new() { Steps = 200_000, Elements = 20_000, Characters = 4 << 20 };
}
