using System.Globalization;
using Orrery.Expressions.Nodes;
using Orrery.Expressions.Syntax;

namespace Orrery.Expressions.Binding;

/// <summary>Macros: calls whose first argument names a variable for the others.</summary>
internal sealed partial class Binder
{
    private const int MaxNestedMacros = 16;

    private static readonly Dictionary<string, string> Macros = new(StringComparer.Ordinal)
    {
        ["all"] = "list.all(x, condition)",
        ["exists"] = "list.exists(x, condition)",
        ["exists_one"] = "list.exists_one(x, condition)",
        ["filter"] = "list.filter(x, condition)",
        ["map"] = "list.map(x, value) or list.map(x, condition, value)",
        ["sortBy"] = "list.sortBy(x, key)",
    };

    private Node BindMacro(CallSyntax call, SyntaxNode target)
    {
        var range = Bind(target);
        if (call.Arguments.Count != 2 && !(call.Name == "map" && call.Arguments.Count == 3))
        {
            return Mistake(call.Offset, $"wrong count of arguments of '{call.Name}'", call.Arguments.Count.ToString(CultureInfo.InvariantCulture), Macros[call.Name]);
        }

        if (call.Arguments[0] is not NameSyntax { IsRoot: false } variable)
        {
            return Mistake(call.Arguments[0].Offset, $"'{call.Name}' names a variable first", "another expression", $"a simple name: {Macros[call.Name]}");
        }

        if (_locals.Count >= MaxNestedMacros)
        {
            return Mistake(call.Offset, "macros are nested too deeply", $"more than {MaxNestedMacros}", "fewer macros in each other");
        }

        var element = range.Type switch
        {
            ListType list => list.Element,
            MapType map when call.Name != "sortBy" => map.Key,
            { IsDyn: true } => ExpressionType.Dyn,
            _ => null,
        };
        if (element is null)
        {
            return Mistake(call.Offset, $"wrong type before '.{call.Name}'", range.Type.Name, call.Name == "sortBy" ? "a list" : "a list or a map");
        }

        var before = _nodes;
        var place = _locals.Count;
        _locals.Add((variable.Name, element));
        _mostLocals = Math.Max(_mostLocals, _locals.Count);
        var body = call.Name is "map" or "sortBy" ? null : BindBool(call.Arguments[1], call.Name);
        var condition = call.Arguments.Count == 3 ? BindBool(call.Arguments[1], call.Name) : null;
        var value = body is null ? Bind(call.Arguments[^1]) : null;
        _locals.RemoveAt(place);
        var weight = _nodes - before + 1;

        return call.Name switch
        {
            "all" or "exists" => new QuantifierNode(call.Offset, call.Name == "all", range, place, weight, body!),
            "exists_one" => new ExistsOneNode(call.Offset, range, place, weight, body!),
            "filter" => new TransformNode(call.Offset, ExpressionType.List(element), range, place, weight, body, null),
            "map" => new TransformNode(call.Offset, ExpressionType.List(value!.Type), range, place, weight, condition, value),
            _ => IsOrdered(value!.Type) ? new SortByNode(call.Offset, ExpressionType.List(element), range, place, weight, value)
                : Mistake(call.Arguments[1].Offset, "wrong type of a key to sort by", value.Type.Name, "a number, a string or a bool"),
        };
    }
}
