using Orrery.Expressions.Nodes;
using Orrery.Expressions.Syntax;

namespace Orrery.Expressions.Binding;

/// <summary>Names, members, keys and places.</summary>
internal sealed partial class Binder
{
    private Node BindName(NameSyntax name)
    {
        if (!name.IsRoot && FindLocal(name.Name) is var local and >= 0)
        {
            return new LocalNode(name.Offset, _locals[local].Type, local);
        }

        if (_scope.TryFind(name.Name, out var place, out var type))
        {
            return new VariableNode(name.Offset, type, place);
        }

        if (TypeNames.TryGetValue(name.Name, out var named))
        {
            return new ConstantNode(name.Offset, Value.OfType(named), ExpressionType.Type);
        }

        var expected = _scope.IsPrefix(name.Name) ? $"one of {string.Join(", ", VariableNames.Where(known => known.StartsWith(name.Name + ".", StringComparison.Ordinal)))}" : "a declared name";
        return Mistake(name.Offset, "unknown name", $"'{name.Name}'", Suggestion.Add(expected, name.Name, [.. _locals.Select(known => known.Name), .. VariableNames]));
    }

    private IEnumerable<string> VariableNames => _scope.Variables.Select(variable => variable.Name);

    private int FindLocal(string name) => _locals.FindLastIndex(local => local.Name == name);

    /// <summary>The dotted name that an expression spells, if it begins with no variable of a macro.</summary>
    private string? Dotted(SyntaxNode syntax) => syntax switch
    {
        NameSyntax name => name.IsRoot || FindLocal(name.Name) < 0 ? name.Name : null,
        SelectSyntax select => Dotted(select.Operand) is { } before ? $"{before}.{select.Member}" : null,
        _ => null,
    };

    private Node BindSelect(SelectSyntax select)
    {
        // The longest name that is a variable counts: a.b.c, then a.b, then a.
        if (Dotted(select) is { } dotted)
        {
            if (_scope.TryFind(dotted, out var place, out var type))
            {
                return new VariableNode(select.Offset, type, place);
            }

            if (Dotted(select.Operand) is { } before && _scope.IsPrefix(before) && !_scope.TryFind(before, out _, out _) && !_scope.IsPrefix(dotted))
            {
                return Mistake(select.Offset, "unknown name", $"'{dotted}'", Suggestion.Add("a declared name", dotted, VariableNames));
            }
        }

        var operand = Bind(select.Operand);
        switch (operand.Type)
        {
            case ObjectType owner:
                return owner.TryGetMember(select.Member, out var member) ? new MemberNode(select.Offset, operand, owner, member) : UnknownMember(select, owner);
            case MapType map:
                CheckKey(select.Offset, map, ExpressionType.String);
                return new SelectNode(select.Offset, map.Value, operand, select.Member);
            case { IsDyn: true }:
                return new SelectNode(select.Offset, ExpressionType.Dyn, operand, select.Member);
            default:
                return Mistake(select.Offset, $"{operand.Type} has no members", $"'.{select.Member}'", "an object or a map before the '.'");
        }
    }

    private ConstantNode UnknownMember(SelectSyntax select, ObjectType owner) =>
        Mistake(select.Offset, $"unknown member of {owner}", $"'{select.Member}'", Suggestion.Add($"one of {string.Join(", ", owner.MemberNames)}", select.Member, owner.MemberNames));

    private Node BindHas(CallSyntax call)
    {
        if (call is not { Arguments: [SelectSyntax select] })
        {
            return Mistake(call.Offset, "has() asks for a member", "another argument", "has(value.name)");
        }

        var operand = Bind(select.Operand);
        return operand.Type switch
        {
            ObjectType owner when !owner.TryGetMember(select.Member, out _) => UnknownMember(select, owner),
            { Kind: ValueKind.Object or ValueKind.Map or ValueKind.Dyn } => new HasNode(call.Offset, operand, select.Member),
            _ => Mistake(select.Offset, $"{operand.Type} has no members", $"'.{select.Member}'", "an object or a map before the '.'"),
        };
    }

    private Node BindIndex(IndexSyntax syntax)
    {
        var operand = Bind(syntax.Operand);
        var index = Bind(syntax.Index);
        switch (operand.Type)
        {
            case ListType list:
                if (!index.Type.Fits(ExpressionType.Int))
                {
                    Report(syntax.Index.Offset, "wrong type of an index", index.Type.Name, "int");
                }

                return new IndexNode(syntax.Offset, list.Element, operand, index);
            case MapType map:
                CheckKey(syntax.Index.Offset, map, index.Type);
                return new IndexNode(syntax.Offset, map.Value, operand, index);
            case { IsDyn: true }:
                return new IndexNode(syntax.Offset, ExpressionType.Dyn, operand, index);
            default:
                return Mistake(syntax.Offset, $"{operand.Type} has no elements", "'['", "a list or a map before the '['");
        }
    }

    private void CheckKey(int offset, MapType map, ExpressionType key)
    {
        if (!key.Fits(map.Key))
        {
            Report(offset, $"wrong type of a key of {map}", key.Name, map.Key.Name);
        }
    }
}
