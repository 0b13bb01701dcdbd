namespace Orrery.Expressions.Syntax;

internal enum TokenKind
{
    End,
    Name,
    Int,
    Double,
    String,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Dot,
    Comma,
    Colon,
    Question,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Not,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    In,
}

/// <param name="Magnitude">Of an integer, before its sign.</param>
/// <param name="Number">Of a double.</param>
/// <param name="Text">A name, or a string whose escapes are read.</param>
internal readonly record struct Token(TokenKind Kind, int Offset, int Length, string? Text = null, ulong Magnitude = 0, double Number = 0);
