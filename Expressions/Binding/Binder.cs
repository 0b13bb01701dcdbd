using Orrery.Expressions.Nodes;
using Orrery.Expressions.Syntax;
using Orrery.Expressions.Text;

namespace Orrery.Expressions.Binding;

/// <param name="Locals">Variables of macros that are alive at once.</param>
internal sealed record Binding(Node Root, int Locals);

/// <summary>Gives every name its meaning and every part its type, and makes the nodes that are evaluated. Goes on after a mistake to find the others.</summary>
internal sealed partial class Binder
{
    private const int MaxErrors = 20;

    private static readonly Dictionary<string, ExpressionType> TypeNames = new(StringComparer.Ordinal)
    {
        ["bool"] = ExpressionType.Bool,
        ["int"] = ExpressionType.Int,
        ["double"] = ExpressionType.Double,
        ["string"] = ExpressionType.String,
        ["list"] = ExpressionType.AnyList,
        ["map"] = ExpressionType.AnyMap,
        ["null_type"] = ExpressionType.Null,
        ["type"] = ExpressionType.Type,
    };

    private readonly string _source;
    private readonly Scope _scope;
    private readonly List<CompileError> _errors = [];
    private readonly List<(string Name, ExpressionType Type)> _locals = [];
    private int _mostLocals;
    private int _nodes;

    private Binder(string source, Scope scope) => (_source, _scope) = (source, scope);

    public static Binding? Bind(string source, Scope scope, ExpressionType expects, CompileLimits limits, out IReadOnlyList<CompileError> errors)
    {
        var binder = new Binder(source, scope);
        errors = binder._errors;
        try
        {
            CheckText(source, limits);
            var root = binder.Bind(Parser.Parse(source, limits));
            if (!root.Type.Fits(expects))
            {
                binder.Report(0, "wrong type of the result", root.Type.Name, expects.Name);
            }

            return binder._errors.Count == 0 ? new Binding(root, binder._mostLocals) : null;
        }
        catch (SyntaxFailure failure)
        {
            binder.Report(failure.Offset, failure.Problem, failure.Found, failure.Expected);
            return null;
        }
    }

    private static void CheckText(string source, CompileLimits limits)
    {
        if (source.Length > limits.Length)
        {
            throw new SyntaxFailure(limits.Length, "the expression is too long", $"{source.Length} characters", $"at most {limits.Length}");
        }

        if (CodePoints.Lone(source) is var lone and >= 0)
        {
            throw new SyntaxFailure(lone, "the expression is not valid Unicode", "half a surrogate pair", "a character");
        }
    }

    private Node Bind(SyntaxNode syntax)
    {
        _nodes++;
        return syntax switch
        {
            LiteralSyntax literal => new ConstantNode(literal.Offset, literal.Value, literal.Value.Type),
            NameSyntax name => BindName(name),
            SelectSyntax select => BindSelect(select),
            IndexSyntax index => BindIndex(index),
            CallSyntax call => BindCall(call),
            UnarySyntax unary => BindUnary(unary),
            BinarySyntax binary => BindBinary(binary),
            LogicalSyntax logical => new LogicalNode(logical.Offset, logical.Operator == TokenKind.And, [.. logical.Operands.Select(operand => BindBool(operand, logical.Operator.Text()))]),
            ConditionalSyntax conditional => BindConditional(conditional),
            ListSyntax list => BindList(list),
            MapSyntax map => BindMap(map),
            _ => throw new InvalidOperationException($"No binding of {syntax.GetType().Name}."),
        };
    }

    private Node BindBool(SyntaxNode syntax, string where)
    {
        var node = Bind(syntax);
        if (!node.Type.Fits(ExpressionType.Bool))
        {
            Report(syntax.Offset, $"wrong type of an operand of '{where}'", node.Type.Name, "bool");
        }

        return node;
    }

    /// <summary>What stands for a part that has a mistake: it fits everywhere, so that one mistake is told once.</summary>
    private ConstantNode Mistake(int offset, string problem, string found, string expected)
    {
        Report(offset, problem, found, expected);
        return new ConstantNode(offset, default, ExpressionType.Dyn);
    }

    private void Report(int offset, string problem, string found, string expected)
    {
        if (_errors.Count < MaxErrors)
        {
            var (line, column) = SourcePlace.Of(_source, offset);
            _errors.Add(new CompileError(line, column, problem, found, expected));
        }
    }
}
