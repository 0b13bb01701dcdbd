using Orrery.Expressions.Functions;
using Orrery.Expressions.Nodes;
using Orrery.Expressions.Syntax;
using Orrery.Expressions.Text;

namespace Orrery.Expressions.Binding;

/// <summary>Functions.</summary>
internal sealed partial class Binder
{
    private Node BindCall(CallSyntax call)
    {
        if (call is { Target: null, Name: "has" })
        {
            return BindHas(call);
        }

        if (call.Target is not null && Macros.ContainsKey(call.Name))
        {
            return BindMacro(call, call.Target);
        }

        // math.least(1, 2) is a function whose name has a dot, not a member of a variable.
        var qualified = call.Target is null ? call.Name : Dotted(call.Target) is { } before ? $"{before}.{call.Name}" : null;
        if (qualified is not null && (FunctionTable.Named(qualified).Any(function => !function.IsMember) || IsForeign(call)))
        {
            return BindFunction(call, qualified, isMember: false, [.. call.Arguments]);
        }

        return call.Target is null
            ? BindFunction(call, call.Name, isMember: false, [.. call.Arguments])
            : BindFunction(call, call.Name, isMember: true, [call.Target, .. call.Arguments]);
    }

    /// <summary>A function of math that is none, rather than of a variable of that name.</summary>
    private bool IsForeign(CallSyntax call) => call.Target is NameSyntax { Name: "math" } && !_scope.TryFind("math", out _, out _) && !_scope.IsPrefix("math");

    private Node BindFunction(CallSyntax call, string name, bool isMember, SyntaxNode[] syntaxes)
    {
        var named = FunctionTable.Named(name).Where(function => function.IsMember == isMember).ToArray();
        if (named.Length == 0)
        {
            return UnknownFunction(call, name, isMember);
        }

        var arguments = syntaxes.Select(Bind).ToArray();
        if (name.StartsWith("math.", StringComparison.Ordinal) && arguments is not [{ Type.Kind: ValueKind.List or ValueKind.Dyn }])
        {
            arguments = [new ListNode(call.Offset, ExpressionType.List(Joined(arguments)), arguments)];
        }

        var function = named.FirstOrDefault(function => function.Count == arguments.Length);
        var signatures = string.Join(" or ", named.Select(known => known.Describe()));
        if (function is null)
        {
            return Mistake(call.Offset, $"wrong count of arguments of '{name}'", call.Arguments.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), signatures);
        }

        if (function.ResultOf([.. arguments.Select(argument => argument.Type)]) is not { } type)
        {
            return Mistake(call.Offset, $"wrong types of arguments of '{name}'", string.Join(", ", arguments.Select(argument => argument.Type.Name)), signatures);
        }

        return function.Body == FunctionTable.RegexMatch.Body && arguments[1] is ConstantNode { Value.IsString: true } pattern
            ? BindPattern(call, arguments[0], pattern)
            : new CallNode(call.Offset, type, function, arguments);
    }

    private Node BindPattern(CallSyntax call, Node text, ConstantNode pattern)
    {
        try
        {
            return new MatchesNode(call.Offset, text, Pattern.Parse(pattern.Value.String));
        }
        catch (PatternException exception)
        {
            return Mistake(pattern.Offset, "invalid pattern", $"{exception.Message} at its character {exception.At + 1}", "a regular expression of RE2's syntax");
        }
    }

    private ConstantNode UnknownFunction(CallSyntax call, string name, bool isMember)
    {
        var other = FunctionTable.Named(name).ToArray();
        if (other.Length > 0)
        {
            return Mistake(call.Offset, $"'{name}' is not called like this", isMember ? $".{name}(…)" : $"{name}(…)", string.Join(" or ", other.Select(known => known.Describe())));
        }

        var expected = Macros.TryGetValue(name, out var macro) ? macro : Suggestion.Add("a function", name, FunctionTable.Names.Concat(Macros.Keys).Append("has"));
        return Mistake(call.Offset, "unknown function", $"'{name}'", expected);
    }
}
