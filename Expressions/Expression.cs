using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Orrery.Expressions.Binding;
using Orrery.Expressions.Nodes;
using Orrery.Expressions.Values;

namespace Orrery.Expressions;

/// <summary>
/// A compiled expression of the subset of CEL that README.md describes. Immutable: one serves any number of threads. It reaches nothing but
/// its variables, and ends within the limits it is given.
/// </summary>
public sealed class Expression
{
    private const int LocalsInFrame = 4;

    private readonly Node _root;
    private readonly (string Name, ExpressionType Type)[] _variables;
    private readonly int _locals;
    private readonly ExpressionType _expects;

    private Expression(string source, Binding.Binding binding, Scope scope, ExpressionType expects)
    {
        Source = source;
        _root = binding.Root;
        _locals = binding.Locals;
        _variables = [.. scope.Variables];
        _expects = expects;
    }

    public string Source { get; }

    /// <summary>The type of the result as far as it is known before the expression runs.</summary>
    public ExpressionType Type => _root.Type;

    /// <param name="expects">The type that the result must have; a <c>dyn</c> result is looked at when it is there.</param>
    /// <exception cref="ExpressionException">The expression has mistakes.</exception>
    public static Expression Compile(string source, Scope scope, ExpressionType? expects = null, CompileLimits? limits = null) =>
        TryCompile(source, scope, out var expression, out var errors, expects, limits) ? expression : throw new ExpressionException(errors);

    /// <summary>As <see cref="Compile"/>, with all mistakes that were found as a value.</summary>
    public static bool TryCompile(
        string source,
        Scope scope,
        [NotNullWhen(true)] out Expression? expression,
        out IReadOnlyList<CompileError> errors,
        ExpressionType? expects = null,
        CompileLimits? limits = null)
    {
        var binding = Binder.Bind(source, scope, expects ?? ExpressionType.Dyn, limits ?? CompileLimits.Default, out errors);
        expression = binding is null ? null : new Expression(source, binding, scope, expects ?? ExpressionType.Dyn);
        return expression is not null;
    }

    /// <summary>Evaluates with the default limits and without a source for <c>random()</c>.</summary>
    /// <param name="variables">In the order of the scope.</param>
    /// <exception cref="ArgumentException">Other variables than the scope declares.</exception>
    public EvaluationResult Evaluate(params ReadOnlySpan<Value> variables) => Evaluate(default, variables);

    /// <inheritdoc cref="Evaluate(ReadOnlySpan{Value})"/>
    public EvaluationResult Evaluate(in EvaluationSettings settings, params ReadOnlySpan<Value> variables)
    {
        Check(variables);
        var locals = default(Locals);
        var frame = new Frame(variables, _locals <= LocalsInFrame ? locals : new Value[_locals], settings);
        var value = _root.Evaluate(ref frame);
        if (frame.Exhausted is { } exhausted)
        {
            return Failure(exhausted);
        }

        return value.IsFault ? Failure(value.Fault)
            : _expects.IsDyn || value.Kind == _expects.Kind ? new EvaluationResult(value, null)
            : Failure(new Fault(EvaluationErrorKind.WrongType, $"the result is {value.Type}, expected {_expects}"));
    }

    public override string ToString() => Source;

    private void Check(ReadOnlySpan<Value> variables)
    {
        if (variables.Length != _variables.Length)
        {
            throw new ArgumentException($"The scope has {_variables.Length} variables, not {variables.Length}.", nameof(variables));
        }

        for (var i = 0; i < variables.Length; i++)
        {
            var declared = _variables[i].Type.Kind;
            if (declared != ValueKind.Dyn && variables[i].Kind != declared && !(declared == ValueKind.Object && variables[i].IsNull))
            {
                throw new ArgumentException($"'{_variables[i].Name}' is declared {_variables[i].Type}, not {variables[i].Type}.", nameof(variables));
            }
        }
    }

    private EvaluationResult Failure(Fault fault)
    {
        var (line, column) = fault.Offset < 0 ? (0, 0) : SourcePlace.Of(Source, fault.Offset);
        return new EvaluationResult(default, new EvaluationError(fault.Kind, line, column, fault.Message));
    }

    [InlineArray(LocalsInFrame)]
    private struct Locals
    {
        private Value _first;
    }
}
