namespace Orrery.Expressions;

/// <summary>What one evaluation may take. Beyond it the expression fails with <see cref="EvaluationErrorKind.LimitExceeded"/>.</summary>
public sealed record EvaluationLimits
{
    public static readonly EvaluationLimits Default = new();

    /// <summary>Nodes of the expression in all rounds of its macros, and work on data in proportion to its size. A million takes up to a quarter of a second.</summary>
    public long Steps { get; init; } = 1_000_000;

    /// <summary>Elements of the lists and maps made on the way.</summary>
    public long Elements { get; init; } = 100_000;

    /// <summary>Characters of the strings made on the way, or taken out of a document.</summary>
    public long Characters { get; init; } = 32 << 20;
}

/// <summary>What an evaluation is given besides its variables.</summary>
/// <param name="Random">For <c>random()</c>: one source an evaluation at a time. Without it <c>random()</c> is an error.</param>
public readonly record struct EvaluationSettings(EvaluationLimits? Limits = null, Random? Random = null);
