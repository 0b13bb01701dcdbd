namespace Orrery.Catalogue.Exchange;

/// <summary>Goes past what is not read: types, and expressions that are refused, so that what comes after them is read again.</summary>
internal sealed class JavaScriptSkipping(JavaScriptSource source)
{
    private static readonly string[] BeforeTypes = ["keyof", "typeof", "readonly", "unique", "infer"];

    /// <summary>To the comma, the semicolon or the bracket that ends the expression.</summary>
    public void SkipExpression()
    {
        // What is open: brackets, and '`' for a template around a ${…}.
        var open = new Stack<char>();
        var last = ',';
        while (true)
        {
            source.SkipBlanks();
            if (source.IsAtEnd)
            {
                return;
            }

            var sign = source.Current;
            if (open.Count == 0 && sign is ',' or ';' or '}' or ']' or ')')
            {
                return;
            }

            switch (sign)
            {
                case '"' or '\'':
                    SkipString(sign);
                    break;
                case '`':
                    SkipTemplate(open);
                    break;
                case '/' when "(,=:[!&|?{};+-*%~^<>".Contains(last):
                    SkipRegex();
                    break;
                case '(' or '[' or '{':
                    open.Push(sign);
                    source.At++;
                    break;
                case ')' or ']' or '}':
                    source.At++;
                    if (open.Pop() == '`')
                    {
                        SkipTemplate(open, isOpen: true);
                    }

                    break;
                default:
                    source.At++;
                    break;
            }

            last = sign;
        }
    }

    /// <summary>Whether the bracket here opens the parameters of an arrow function. Goes nowhere.</summary>
    public bool IsFunction()
    {
        var start = source.At;
        do
        {
            source.At++;
            SkipExpression();
        }
        while (source.Current == ',');

        // A bracket of another kind ends the search: what comes after it is not this one's.
        var isClosed = source.Take(')');
        source.SkipBlanks();
        var isFunction = isClosed && source.StartsWith("=>");
        source.At = start;
        return isFunction;
    }

    /// <summary>A regular expression, with its flags.</summary>
    private void SkipRegex()
    {
        var inClass = false;
        for (source.At++; !source.IsAtEnd && !JavaScriptSource.IsLineEnd(source.Current); source.At++)
        {
            var sign = source.Current;
            if (sign == '\\')
            {
                source.At++;
            }
            else if (sign == '/' && !inClass)
            {
                source.At++;
                source.TakeName();
                return;
            }

            inClass = sign == '[' || (inClass && sign != ']');
        }

        source.At = Math.Min(source.At, source.Text.Length);
    }

    /// <summary>A type of TypeScript's, as far as it goes on: <c>Record&lt;string, Model[]&gt; | null</c>.</summary>
    /// <returns>Whether there was one.</returns>
    public bool SkipType()
    {
        var start = source.At;
        for (var wantsOperand = true; ;)
        {
            source.SkipBlanks();
            var name = source.PeekName();
            if (name.Length > 0 && wantsOperand)
            {
                source.At += name.Length;
                wantsOperand = BeforeTypes.Contains(name);
            }
            else if (source.Current is '"' or '\'' && wantsOperand)
            {
                SkipString(source.Current);
                wantsOperand = false;
            }
            else if (char.IsAsciiDigit(source.Current) && wantsOperand)
            {
                while (char.IsAsciiDigit(source.Current))
                {
                    source.At++;
                }

                wantsOperand = false;
            }
            else if (source.Current is '[' or '<' || (source.Current is '{' or '(' && wantsOperand))
            {
                SkipBrackets();
                wantsOperand = false;
            }
            else if (source.Current is '|' or '&' or '.' || source.StartsWith("=>"))
            {
                source.At += source.Current == '=' ? 2 : 1;
                wantsOperand = true;
            }
            else
            {
                return source.At > start && !wantsOperand;
            }
        }
    }

    private void SkipBrackets()
    {
        var depth = 0;
        while (!source.IsAtEnd)
        {
            source.SkipBlanks();
            var sign = source.Current;
            if (sign is '"' or '\'')
            {
                SkipString(sign);
                continue;
            }

            var isArrow = source.StartsWith("=>");
            source.At += isArrow ? 2 : 1;
            depth += sign is '(' or '[' or '{' or '<' ? 1 : sign is ')' or ']' or '}' or '>' ? -1 : 0;
            if (depth == 0)
            {
                return;
            }
        }

        source.At = source.Text.Length;
    }

    private void SkipString(char quote)
    {
        for (source.At++; !source.IsAtEnd && source.Current is not ('\n' or '\r'); source.At++)
        {
            if (source.Current == quote)
            {
                source.At++;
                return;
            }

            if (source.Current == '\\')
            {
                source.At++;
            }
        }

        source.At = Math.Min(source.At, source.Text.Length);
    }

    /// <summary>To the end of the template, or into the next <c>${</c> of it.</summary>
    private void SkipTemplate(Stack<char> open, bool isOpen = false)
    {
        for (source.At += isOpen ? 0 : 1; !source.IsAtEnd; source.At++)
        {
            if (source.Current == '`')
            {
                source.At++;
                return;
            }

            if (source.StartsWith("${"))
            {
                source.At += 2;
                open.Push('`');
                return;
            }

            if (source.Current == '\\')
            {
                source.At++;
            }
        }

        source.At = Math.Min(source.At, source.Text.Length);
    }
}
