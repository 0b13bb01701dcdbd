namespace Orrery.Expressions.Syntax;

/// <summary>CEL's grammar, by precedence.</summary>
internal ref struct Parser
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
        "loop", "package", "namespace", "return", "var", "void", "while",
    };

    private readonly string _source;
    private readonly CompileLimits _limits;
    private Lexer _lexer;
    private Token _current;
    private int _depth;
    private int _nodes;

    private Parser(string source, CompileLimits limits)
    {
        _source = source;
        _limits = limits;
        _lexer = new Lexer(source);
        _current = _lexer.Next();
    }

    /// <exception cref="SyntaxFailure">The first mistake.</exception>
    public static SyntaxNode Parse(string source, CompileLimits limits)
    {
        var parser = new Parser(source, limits);
        var syntax = parser.Expression();
        return parser._current.Kind == TokenKind.End ? syntax : throw parser.Unexpected("an operator, or the end of the expression");
    }

    public static bool IsReserved(string name) => Reserved.Contains(name) || name is "true" or "false" or "null" or "in";

    private SyntaxNode Expression()
    {
        Enter();
        var condition = Binary(1);
        if (_current.Kind == TokenKind.Question)
        {
            var offset = Take().Offset;
            var then = Binary(1);
            Expect(TokenKind.Colon, "':' and the other branch");
            var otherwise = Expression();
            condition = Node(new ConditionalSyntax(offset, condition, then, otherwise), condition.Depth, then.Depth, otherwise.Depth);
        }

        _depth--;
        return condition;
    }

    private SyntaxNode Binary(int lowest)
    {
        var left = Unary();
        for (var precedence = Precedence(_current.Kind); precedence >= lowest; precedence = Precedence(_current.Kind))
        {
            var @operator = Take();
            var right = Binary(precedence + 1);
            left = @operator.Kind is TokenKind.And or TokenKind.Or ? Logical(@operator, left, right)
                : Node(new BinarySyntax(@operator.Offset, @operator.Kind, left, right), left.Depth, right.Depth);
        }

        return left;
    }

    private SyntaxNode Logical(Token @operator, SyntaxNode left, SyntaxNode right)
    {
        if (left is LogicalSyntax chain && chain.Operator == @operator.Kind)
        {
            ((List<SyntaxNode>)chain.Operands).Add(right);
            return Node(chain with { }, chain.Depth - 1, right.Depth);
        }

        return Node(new LogicalSyntax(@operator.Offset, @operator.Kind, new List<SyntaxNode> { left, right }), left.Depth, right.Depth);
    }

    private static int Precedence(TokenKind kind) => kind switch
    {
        TokenKind.Or => 1,
        TokenKind.And => 2,
        TokenKind.Equal or TokenKind.NotEqual or TokenKind.Less or TokenKind.LessOrEqual or TokenKind.Greater or TokenKind.GreaterOrEqual or TokenKind.In => 3,
        TokenKind.Plus or TokenKind.Minus => 4,
        TokenKind.Star or TokenKind.Slash or TokenKind.Percent => 5,
        _ => 0,
    };

    private SyntaxNode Unary()
    {
        if (_current.Kind is not (TokenKind.Not or TokenKind.Minus))
        {
            return Member(Primary());
        }

        var first = _current;
        var last = first;
        var isOdd = false;
        while (_current.Kind == first.Kind)
        {
            last = Take();
            isOdd = !isOdd;
        }

        // A minus and the number after it are one literal: the lowest integer could not be written otherwise.
        if (first.Kind == TokenKind.Not && _current.Kind == TokenKind.Minus)
        {
            last = Take();
            if (_current.Kind is not (TokenKind.Int or TokenKind.Double))
            {
                throw Unexpected("a number after '!-', or parentheses");
            }

            return Repeated(first, isOdd, Member(Number(last.Offset, isNegative: true)));
        }

        if (first.Kind == TokenKind.Minus && _current.Kind is TokenKind.Int or TokenKind.Double)
        {
            var number = Member(Number(last.Offset, isNegative: true));
            return isOdd ? number : Node(new UnarySyntax(first.Offset, TokenKind.Minus, number), number.Depth);
        }

        if (_current.Kind is TokenKind.Not or TokenKind.Minus)
        {
            throw Unexpected("a value; write -(!x) with parentheses");
        }

        return Repeated(first, isOdd, Member(Primary()));
    }

    // Twice the operator changes nothing but still asks for an operand of its type.
    private SyntaxNode Repeated(Token first, bool isOdd, SyntaxNode operand)
    {
        var once = Node(new UnarySyntax(first.Offset, first.Kind, operand), operand.Depth);
        return isOdd ? once : Node(new UnarySyntax(first.Offset, first.Kind, once), once.Depth);
    }

    private SyntaxNode Member(SyntaxNode operand)
    {
        while (true)
        {
            switch (_current.Kind)
            {
                case TokenKind.Dot:
                    Take();
                    var name = Selector();
                    operand = _current.Kind == TokenKind.LeftParenthesis ? Call(name, operand) : Node(new SelectSyntax(name.Offset, operand, name.Text!), operand.Depth);
                    break;
                case TokenKind.LeftBracket:
                    var offset = Take().Offset;
                    var index = Expression();
                    Expect(TokenKind.RightBracket, "']' after the index");
                    operand = Node(new IndexSyntax(offset, operand, index), operand.Depth, index.Depth);
                    break;
                case TokenKind.LeftBrace when operand is NameSyntax or SelectSyntax:
                    throw new SyntaxFailure(_current.Offset, "messages are left out of this subset of CEL", "'{' after a name", "a map without a name before it");
                default:
                    return operand;
            }
        }
    }

    private Token Selector() => _current.Kind == TokenKind.Name && _current.Text is not ("true" or "false" or "null")
        ? Take()
        : throw Unexpected("the name of a member; write ['name'] for other keys");

    private SyntaxNode Call(Token name, SyntaxNode? target)
    {
        Take();
        var arguments = Items(TokenKind.RightParenthesis, "',' or ')' after the argument", mayEndWithComma: false);
        return Node(new CallSyntax(name.Offset, target, name.Text!, arguments), [.. arguments.Select(argument => argument.Depth), target?.Depth ?? 0]);
    }

    private SyntaxNode Primary()
    {
        switch (_current.Kind)
        {
            case TokenKind.LeftParenthesis:
                Take();
                var inner = Expression();
                Expect(TokenKind.RightParenthesis, "')'");
                return inner;
            case TokenKind.LeftBracket:
                var list = Take().Offset;
                var items = Items(TokenKind.RightBracket, "',' or ']' after the element", mayEndWithComma: true);
                return Node(new ListSyntax(list, items), [.. items.Select(item => item.Depth)]);
            case TokenKind.LeftBrace:
                return Map();
            case TokenKind.Int or TokenKind.Double:
                return Number(_current.Offset, isNegative: false);
            case TokenKind.String:
                var text = Take();
                return Node(new LiteralSyntax(text.Offset, text.Text));
            case TokenKind.Dot:
                Take();
                return Name(isRoot: true);
            case TokenKind.Name:
                return Name(isRoot: false);
            default:
                throw Unexpected("a value: a name, a literal, '(', '[' or '{'");
        }
    }

    private SyntaxNode Name(bool isRoot)
    {
        if (_current.Kind != TokenKind.Name)
        {
            throw Unexpected("a name");
        }

        var name = Take();
        if (Reserved.Contains(name.Text!))
        {
            throw new SyntaxFailure(name.Offset, "CEL reserves this word", $"'{name.Text}'", "another name");
        }

        if (name.Text is "true" or "false" or "null" && !isRoot)
        {
            return Node(new LiteralSyntax(name.Offset, name.Text == "null" ? Value.Null : (Value)(name.Text == "true")));
        }

        return _current.Kind == TokenKind.LeftParenthesis ? Call(name, null) : Node(new NameSyntax(name.Offset, name.Text!, isRoot));
    }

    private SyntaxNode Number(int offset, bool isNegative)
    {
        var number = Take();
        if (number.Kind == TokenKind.Double)
        {
            return Node(new LiteralSyntax(offset, isNegative ? -number.Number : number.Number));
        }

        var most = (ulong)long.MaxValue + (isNegative ? 1UL : 0);
        return number.Magnitude <= most
            ? Node(new LiteralSyntax(offset, isNegative ? unchecked(-(long)number.Magnitude) : (long)number.Magnitude))
            : throw Lexer.OutOfRange(_source, number.Offset);
    }

    private SyntaxNode Map()
    {
        var offset = Take().Offset;
        var entries = new List<(SyntaxNode, SyntaxNode)>();
        var depth = 0;
        while (_current.Kind != TokenKind.RightBrace)
        {
            var key = Expression();
            Expect(TokenKind.Colon, "':' and the value of the key");
            var value = Expression();
            entries.Add((key, value));
            depth = Math.Max(depth, Math.Max(key.Depth, value.Depth));
            if (_current.Kind != TokenKind.RightBrace)
            {
                Expect(TokenKind.Comma, "',' or '}' after the entry");
            }
        }

        Take();
        return Node(new MapSyntax(offset, entries), depth);
    }

    private List<SyntaxNode> Items(TokenKind close, string expected, bool mayEndWithComma)
    {
        var items = new List<SyntaxNode>();
        while (_current.Kind != close)
        {
            items.Add(Expression());
            if (_current.Kind == close)
            {
                break;
            }

            Expect(TokenKind.Comma, expected);
            if (_current.Kind == close && !mayEndWithComma)
            {
                throw Unexpected("another argument");
            }
        }

        Take();
        return items;
    }

    private SyntaxNode Node(SyntaxNode syntax, params ReadOnlySpan<int> depths)
    {
        var deepest = 0;
        foreach (var depth in depths)
        {
            deepest = Math.Max(deepest, depth);
        }

        if (++_nodes > _limits.Nodes)
        {
            throw new SyntaxFailure(syntax.Offset, "the expression is too large", $"more than {_limits.Nodes} operators, names and literals", "a smaller expression");
        }

        return deepest < _limits.Depth ? syntax with { Depth = deepest + 1 } : throw TooDeep(syntax.Offset);
    }

    private void Enter()
    {
        if (++_depth > _limits.Depth)
        {
            throw TooDeep(_current.Offset);
        }
    }

    private readonly SyntaxFailure TooDeep(int offset) =>
        new(offset, "the expression is nested too deeply", $"more than {_limits.Depth} levels", "fewer operators, calls and containers in each other");

    private Token Take()
    {
        var taken = _current;
        _current = _lexer.Next();
        return taken;
    }

    private void Expect(TokenKind kind, string expected)
    {
        if (_current.Kind != kind)
        {
            throw Unexpected(expected);
        }

        Take();
    }

    private readonly SyntaxFailure Unexpected(string expected) =>
        new(_current.Offset, "syntax error", Lexer.Show(_source, _current.Offset), expected);
}
