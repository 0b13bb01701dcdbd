namespace Orrery.Expressions;

/// <summary>How large an expression may be written.</summary>
public sealed record CompileLimits
{
    public static readonly CompileLimits Default = new();

    /// <summary>In UTF-16 units.</summary>
    public int Length { get; init; } = 32_768;

    /// <summary>Of parentheses, operators, calls and containers in each other. Beyond 250 the stack would not be safe.</summary>
    public int Depth { get; init => field = value is > 0 and <= MaxDepth ? value : throw new ArgumentOutOfRangeException(nameof(Depth)); } = 200;

    /// <summary>Operators, names, literals and calls.</summary>
    public int Nodes { get; init; } = 5_000;

    private const int MaxDepth = 250;
}
