using Orrery.Contracts.Expressions;
using Orrery.Expressions;

namespace Orrery.Gateway.Routing;

/// <summary>A route's <c>selection</c>: the first of its expressions that gives any model decides who is tried, in its order. Compiled once a snapshot.</summary>
internal sealed class ModelSelection
{
    private readonly string _route;
    private readonly Expression?[] _expressions;
    private readonly EvaluationSettings _settings;

    public ModelSelection(string route, IReadOnlyList<string> sources, Random? random)
    {
        (_route, _settings, _expressions) = (route, new EvaluationSettings(ExpressionLimits.OfRoutes, random), new Expression?[sources.Count]);
        for (var i = 0; i < sources.Count; i++)
        {
            if (!RouteExpressions.TryCompileSelection(sources[i], out _expressions[i], out var errors))
            {
                Fault ??= $"its {Field(i)} is not understood by this release: {errors[0]}";
            }
        }
    }

    /// <summary>Which of the expressions never gives any model, and why.</summary>
    public string? Fault { get; }

    /// <summary>Those of <paramref name="offered"/> that are to be tried, each once.</summary>
    /// <param name="by">The expression that chose them; <c>null</c>: none of them chose anybody.</param>
    public List<Candidate> Choose(Exchange exchange, List<Candidate> offered, out string? by)
    {
        var facts = exchange.Facts;
        var (request, models) = (facts.Request, RouteScope.Model.ListOf(offered));
        var (key, team) = facts.Caller;
        for (var i = 0; i < _expressions.Length; i++)
        {
            if (_expressions[i] is not { } expression)
            {
                facts.Note(new(_route, Field(i), EvaluationErrorKind.InvalidArgument, Fault!));
                continue;
            }

            var result = expression.Evaluate(_settings, request, key, team, models);
            if (result.Error is { } error)
            {
                facts.Note(new(_route, Field(i), error.Kind, error.ToString()));
            }
            else if (Chosen(result.Value) is not { } chosen)
            {
                facts.Note(new(_route, Field(i), EvaluationErrorKind.WrongType, "the result is neither a list of models nor a model"));
            }
            else if (chosen.Count > 0)
            {
                by = Field(i);
                return chosen;
            }
        }

        by = null;
        return [];
    }

    /// <returns><c>null</c>: it holds something that is no model.</returns>
    private static List<Candidate>? Chosen(in Value value)
    {
        switch (value.Kind)
        {
            case ValueKind.Null:
                return [];
            case ValueKind.Object when value.AsObject<object>() is Candidate one:
                return [one];
            case ValueKind.List:
                break;
            default:
                return null;
        }

        var list = value.AsList();
        var (chosen, seen) = (new List<Candidate>(list.Count), new HashSet<Candidate>(list.Count));
        for (var i = 0; i < list.Count; i++)
        {
            var item = list[i];
            if (item.IsNull)
            {
                continue;
            }

            if (item.Kind != ValueKind.Object || item.AsObject<object>() is not Candidate candidate)
            {
                return null;
            }

            if (seen.Add(candidate))
            {
                chosen.Add(candidate);
            }
        }

        return chosen;
    }

    private static string Field(int place) => place switch
    {
        0 => "selection[0]",
        1 => "selection[1]",
        2 => "selection[2]",
        _ => $"selection[{place}]",
    };
}
