namespace Orrery.Expressions.Syntax;

internal static class Operators
{
    public static string Text(this TokenKind kind) => kind switch
    {
        TokenKind.Plus => "+",
        TokenKind.Minus => "-",
        TokenKind.Star => "*",
        TokenKind.Slash => "/",
        TokenKind.Percent => "%",
        TokenKind.Not => "!",
        TokenKind.Equal => "==",
        TokenKind.NotEqual => "!=",
        TokenKind.Less => "<",
        TokenKind.LessOrEqual => "<=",
        TokenKind.Greater => ">",
        TokenKind.GreaterOrEqual => ">=",
        TokenKind.And => "&&",
        TokenKind.Or => "||",
        TokenKind.In => "in",
        _ => kind.ToString(),
    };
}
