using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

/// <summary>One evaluation: its variables and what it may still spend.</summary>
internal ref struct Frame
{
    /// <summary>Characters that are compared, copied or searched in a step.</summary>
    private const int CharactersAStep = 6;

    private long _steps;
    private long _elements;
    private long _characters;

    public Frame(ReadOnlySpan<Value> variables, Span<Value> locals, in EvaluationSettings settings)
    {
        var limits = settings.Limits ?? EvaluationLimits.Default;
        (_steps, _elements, _characters) = (limits.Steps, limits.Elements, limits.Characters);
        Variables = variables;
        Locals = locals;
        Random = settings.Random;
    }

    public ReadOnlySpan<Value> Variables { get; }

    /// <summary>The variables of macros, by how deep the macro stands in others.</summary>
    public Span<Value> Locals { get; }

    public Random? Random { get; }

    /// <summary>Set once, and never absorbed: an expression that is out of means has no value.</summary>
    public Fault? Exhausted { get; private set; }

    public bool Spend(long steps)
    {
        _steps -= steps;
        return _steps >= 0 || Exhaust("the expression takes too many steps");
    }

    /// <summary>For work that passes over so many characters.</summary>
    public bool SpendReading(long characters) => Spend(characters >> CharactersAStep);

    public bool Make(long elements)
    {
        _elements -= elements;
        return _elements >= 0 || Exhaust("the expression makes too many elements of lists and maps");
    }

    public bool MakeText(long characters)
    {
        _characters -= characters;
        return (_characters >= 0 || Exhaust("the expression makes too much text")) && SpendReading(characters);
    }

    public bool ExhaustDepth() => Exhaust("the values that are compared are nested too deeply");

    private bool Exhaust(string message)
    {
        Exhausted ??= new Fault(EvaluationErrorKind.LimitExceeded, message);
        return false;
    }
}
