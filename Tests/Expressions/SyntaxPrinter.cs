using System.Globalization;
using Orrery.Expressions;
using Orrery.Expressions.Syntax;

namespace Orrery.Tests.Expressions;

/// <summary>Writes syntax back: with the parentheses that the grammar needs, or with all of them, which tells two trees apart.</summary>
internal static class SyntaxPrinter
{
    private const int Tightest = 7;

    public static string Full(SyntaxNode node) => node switch
    {
        UnarySyntax unary => $"({unary.Operator.Text()} {Full(unary.Operand)})",
        BinarySyntax binary => $"({Full(binary.Left)} {binary.Operator.Text()} {Full(binary.Right)})",
        LogicalSyntax logical => $"({string.Join($" {logical.Operator.Text()} ", logical.Operands.Select(Full))})",
        ConditionalSyntax conditional => $"({Full(conditional.Condition)} ? {Full(conditional.Then)} : {Full(conditional.Else)})",
        _ => Primary(node, Full),
    };

    public static string Minimal(SyntaxNode node) => Minimal(node, 0);

    private static string Minimal(SyntaxNode node, int precedence)
    {
        var (own, text) = node switch
        {
            ConditionalSyntax conditional => (0, $"{Minimal(conditional.Condition, 1)} ? {Minimal(conditional.Then, 1)} : {Minimal(conditional.Else, 0)}"),
            LogicalSyntax { Operator: var kind } logical => (kind == TokenKind.Or ? 1 : 2, string.Join($" {kind.Text()} ", logical.Operands.Select(operand => Minimal(operand, kind == TokenKind.Or ? 2 : 3)))),
            BinarySyntax { Operator: var kind } binary => (Precedence(kind), $"{Minimal(binary.Left, Precedence(kind))} {kind.Text()} {Minimal(binary.Right, Precedence(kind) + 1)}"),
            UnarySyntax unary => (6, $"{unary.Operator.Text()}{Minimal(unary.Operand, Tightest)}"),
            LiteralSyntax { Value: { Kind: ValueKind.Int or ValueKind.Double } value } => (value.ToString().StartsWith('-') ? 6 : Tightest, Number(value)),
            _ => (Tightest, Primary(node, inner => Minimal(inner, 0))),
        };
        return own < precedence ? $"({text})" : text;
    }

    private static int Precedence(TokenKind kind) => kind switch
    {
        TokenKind.Star or TokenKind.Slash or TokenKind.Percent => 5,
        TokenKind.Plus or TokenKind.Minus => 4,
        _ => 3,
    };

    private static string Number(Value value) => value.Kind == ValueKind.Int
        ? value.AsInt().ToString(CultureInfo.InvariantCulture)
        : value.AsDouble().ToString("0.0###", CultureInfo.InvariantCulture);

    private static string Primary(SyntaxNode node, Func<SyntaxNode, string> print) => node switch
    {
        LiteralSyntax { Value.Kind: ValueKind.Int or ValueKind.Double } literal => Number(literal.Value),
        LiteralSyntax { Value: { Kind: ValueKind.String } value } => $"'{value.AsString()}'",
        LiteralSyntax literal => literal.Value.ToString(),
        NameSyntax name => (name.IsRoot ? "." : string.Empty) + name.Name,
        SelectSyntax select => $"{Operand(select.Operand, print)}.{select.Member}",
        IndexSyntax index => $"{Operand(index.Operand, print)}[{print(index.Index)}]",
        CallSyntax call => $"{(call.Target is null ? string.Empty : Operand(call.Target, print) + ".")}{call.Name}({string.Join(", ", call.Arguments.Select(print))})",
        ListSyntax list => $"[{string.Join(", ", list.Items.Select(print))}]",
        MapSyntax map => $"{{{string.Join(", ", map.Entries.Select(entry => $"{print(entry.Key)}: {print(entry.Value)}"))}}}",
        _ => throw new InvalidOperationException(node.ToString()),
    };

    private static string Operand(SyntaxNode node, Func<SyntaxNode, string> print) =>
        node is NameSyntax or SelectSyntax or IndexSyntax or CallSyntax or ListSyntax or MapSyntax ? print(node) : $"({print(node)})";
}
