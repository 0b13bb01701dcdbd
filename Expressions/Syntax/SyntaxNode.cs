namespace Orrery.Expressions.Syntax;

/// <summary>An expression as it was written. <paramref name="Offset"/> is where an error about it points: the operator, name or bracket.</summary>
internal abstract record SyntaxNode(int Offset)
{
    /// <summary>Of the tree below, itself included.</summary>
    public int Depth { get; init; } = 1;
}

internal sealed record LiteralSyntax(int Offset, Value Value) : SyntaxNode(Offset);

internal sealed record NameSyntax(int Offset, string Name, bool IsRoot) : SyntaxNode(Offset);

internal sealed record SelectSyntax(int Offset, SyntaxNode Operand, string Member) : SyntaxNode(Offset);

internal sealed record IndexSyntax(int Offset, SyntaxNode Operand, SyntaxNode Index) : SyntaxNode(Offset);

/// <param name="Target">The receiver of <c>target.name(…)</c>.</param>
internal sealed record CallSyntax(int Offset, SyntaxNode? Target, string Name, IReadOnlyList<SyntaxNode> Arguments) : SyntaxNode(Offset);

internal sealed record UnarySyntax(int Offset, TokenKind Operator, SyntaxNode Operand) : SyntaxNode(Offset);

internal sealed record BinarySyntax(int Offset, TokenKind Operator, SyntaxNode Left, SyntaxNode Right) : SyntaxNode(Offset);

/// <summary>A chain of one of &amp;&amp; and ||, flat however long it is.</summary>
internal sealed record LogicalSyntax(int Offset, TokenKind Operator, IReadOnlyList<SyntaxNode> Operands) : SyntaxNode(Offset);

internal sealed record ConditionalSyntax(int Offset, SyntaxNode Condition, SyntaxNode Then, SyntaxNode Else) : SyntaxNode(Offset);

internal sealed record ListSyntax(int Offset, IReadOnlyList<SyntaxNode> Items) : SyntaxNode(Offset);

internal sealed record MapSyntax(int Offset, IReadOnlyList<(SyntaxNode Key, SyntaxNode Value)> Entries) : SyntaxNode(Offset);
