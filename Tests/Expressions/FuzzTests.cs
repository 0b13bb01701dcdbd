using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Expressions;
using Orrery.Expressions.Syntax;

namespace Orrery.Tests.Expressions;

/// <summary>Whatever is written and whatever it is given: a value or an error. Fixed seeds, then fresh ones; a failure prints its seed and expression.</summary>
public sealed class FuzzTests
{
    private const int FixedSeeds = 2_000;

    private static readonly string[] Pieces =
    [
        "body", "body.list", "body.map", "body.text", "body.number", "n", "s", "1", "-1", "0", "2.5", "'a'", "''", "'😀'", "true", "null", "[1, 2]", "[]", "{'a': 1}", "{}", "x", "y",
        "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "&&", "||", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}", " ", "\n", "//",
        ".map(x, ", ".filter(x, ", ".all(y, ", ".exists(x, ", ".sortBy(x, ", ".size()", ".split('')", ".join(", ".replace('', ", ".matches(", ".substring(", ".indexOf(", ".random()", ".reverse()",
        "has(body.a)", "int(", "double(", "string(", "type(", "dyn(", "math.greatest(", "r'\\d'", "'''", "\\", "\"", "0x", "1e", "9223372036854775807", "b'", "u",
    ];

    private static readonly string[] Valid =
    [
        "{'inputs': body.messages[-1].content, 'parameters': {'max': int(body.number)}}",
        "body.list.filter(x, x > 1.0 && s.startsWith('a') || x in [1, 2]).map(x, string(x) + s).join(',')",
        "body.list.all(x, body.list.exists(y, x == y)) ? n % 7 - 3 * 2 : -n / 2",
        "has(body.map.a) && body.map['a'] == 1.0 && 'a' in body.map && !body.flag",
        "s.split('').map(c, c.upperAscii()).reverse().join().substring(1, 2).indexOf('B') == 0",
        "body.text.matches('^(a|b)*[c-z]{0,3}$') || body.text.replace('a', '').trim().size() <= 10",
        "[3, 1, 2].sortBy(x, -x)[0] == math.greatest(1, 2, 3) && type(n) == int",
        "body.list.map(x, body.list.map(y, [x, y])).map(z, z.size()).sort().random()",
    ];

    private static readonly Scope Scope = new Scope().Variable("body", ExpressionType.Dyn).Variable("n", ExpressionType.Int).Variable("s", ExpressionType.String);

    private static readonly JsonElement Body = JsonDocument.Parse("""
        {"list": [1, 2, 3.5, "a", null, [1]], "map": {"a": 1, "b": {"c": []}}, "text": "abcé😀", "bad": "\ud800", "number": 7, "flag": false, "messages": [{"content": "hi"}]}
        """).RootElement;

    [Fact]
    public void Any_text() => ForSeeds(seed =>
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(60)];
        random.NextBytes(bytes);
        Run(Encoding.UTF8.GetString(bytes), seed);
        Run(Encoding.Latin1.GetString(bytes), seed);
        Run(string.Concat(bytes.Select(unit => (char)(' ' + (unit % 96)))), seed);
    });

    [Fact]
    public void Any_pieces_of_the_language() => ForSeeds(seed =>
    {
        var random = new Random(seed);
        Run(string.Concat(random.GetItems(Pieces, random.Next(1, 25))), seed);
    });

    [Fact]
    public void Valid_expressions_with_changes() => ForSeeds(seed =>
    {
        var random = new Random(seed);
        var text = new StringBuilder(Valid[random.Next(Valid.Length)]);
        for (var changes = random.Next(1, 6); changes > 0 && text.Length > 1; changes--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, Math.Min(random.Next(1, 6), text.Length - at));
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text.Insert(at, text.ToString(at, Math.Min(random.Next(1, 20), text.Length - at)));
                    break;
                case 3:
                    text[at] = (char)random.Next(1, 0x250);
                    break;
                default:
                    (text[at], text[^1]) = (text[^1], text[at]);
                    break;
            }
        }

        Run(text.ToString(), seed);
    });

    [Fact]
    public void Generated_syntax_is_read_back_as_it_was_and_evaluated() => ForSeeds(seed =>
    {
        var syntax = Make(new Random(seed), 5, []);
        var text = SyntaxPrinter.Minimal(syntax);
        Assert.Equal(SyntaxPrinter.Full(syntax), SyntaxPrinter.Full(Parser.Parse(text, CompileLimits.Default)));
        Run(text, seed);
    });

    [Fact]
    public void Any_pattern() => ForSeeds(seed =>
    {
        string[] pieces = ["a", "b", ".", "*", "+", "?", "|", "(", ")", "[", "]", "^", "$", "{2}", "{1,3}", "{", "}", "-", "\\", "\\d", "\\W", "\\b", "\\pL", "\\x41", "(?i)", "(?:", "(?P<n>", ":alpha:", "[:digit:]", "😀", "é", "\\Q", "\\E", ",", "0"];
        var random = new Random(seed);
        var pattern = string.Concat(random.GetItems(pieces, random.Next(1, 15)));
        var result = Expression.Compile("s.matches(s2)", new Scope().Variable("s", ExpressionType.String).Variable("s2", ExpressionType.String)).Evaluate("abé😀AB-_5", pattern);
        Assert.True(result.Error is null or { Kind: EvaluationErrorKind.InvalidArgument or EvaluationErrorKind.LimitExceeded }, $"{pattern}: {result}");
    });

    private static void ForSeeds(Action<int> check)
    {
        for (var seed = 0; seed < FixedSeeds; seed++)
        {
            check(seed);
        }

        Prop.ForAll(Gen.Choose(FixedSeeds, int.MaxValue - 1).ToArbitrary(), check).Check(Config.QuickThrowOnFailure.WithMaxTest(FixedSeeds));
    }

    private static void Run(string source, int seed)
    {
        try
        {
            if (!Expression.TryCompile(source, Scope, out var expression, out var errors))
            {
                Assert.NotEmpty(errors);
                Assert.All(errors, error => Assert.True(error is { Line: > 0, Column: > 0, Found.Length: > 0, Expected.Length: > 0 }));
                return;
            }

            var settings = new EvaluationSettings(new EvaluationLimits { Steps = 20_000, Elements = 5_000, Characters = 50_000 }, new Random(seed));
            var result = expression.Evaluate(settings, Value.Json(Body), seed, "abc");
            var kind = expression.Type.Kind;
            Assert.True(result.Error is not null || kind == ValueKind.Dyn || kind == result.Value.Kind, $"{expression.Type} but {result.Value.Kind}");
            using var writer = new Utf8JsonWriter(new ArrayBufferWriter<byte>());
            result.Value.WriteTo(writer, 100_000);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed}: {source}", exception);
        }
    }

    private static SyntaxNode Make(Random random, int depth, string[] locals)
    {
        SyntaxNode Part() => Make(random, depth - 1, locals);
        SyntaxNode Bound(string name) => Make(random, depth - 1, [.. locals, name]);
        SyntaxNode[] Parts() => [.. Enumerable.Range(0, random.Next(4)).Select(_ => Part())];
        if (depth == 0)
        {
            return random.Next(8) switch
            {
                0 => new LiteralSyntax(0, (long)random.Next(-3, 10)),
                1 => new LiteralSyntax(0, random.Next(-4, 10) / 2.0),
                2 => new LiteralSyntax(0, random.Next(2) == 0),
                3 => new LiteralSyntax(0, Value.Null),
                4 => new LiteralSyntax(0, "abc"[..random.Next(4)]),
                5 when locals.Length > 0 => new NameSyntax(0, locals[random.Next(locals.Length)], false),
                _ => new NameSyntax(0, random.GetItems(["body", "n", "s"], 1)[0], random.Next(4) == 0),
            };
        }

        TokenKind[] operators = [TokenKind.Plus, TokenKind.Minus, TokenKind.Star, TokenKind.Slash, TokenKind.Percent, TokenKind.Equal, TokenKind.NotEqual, TokenKind.Less, TokenKind.GreaterOrEqual, TokenKind.In];
        return random.Next(12) switch
        {
            0 or 1 => new BinarySyntax(0, operators[random.Next(operators.Length)], Part(), Part()),
            2 => Logical(random.Next(2) == 0 ? TokenKind.And : TokenKind.Or, [Part(), Part(), .. Parts()]),
            3 => Part() is LiteralSyntax literal ? literal : new UnarySyntax(0, TokenKind.Not, Make(random, Math.Max(1, depth - 1), locals) is UnarySyntax { } inner ? inner.Operand is UnarySyntax or LiteralSyntax ? new ListSyntax(0, [inner]) : inner.Operand : new ListSyntax(0, Parts())),
            4 => new ConditionalSyntax(0, Part(), Part(), Part()),
            5 => new SelectSyntax(0, Part(), random.GetItems(["list", "map", "text", "number", "package"], 1)[0]),
            6 => new IndexSyntax(0, Part(), Part()),
            7 => new CallSyntax(0, Part(), random.GetItems(["all", "exists", "filter", "map", "sortBy", "exists_one"], 1)[0], [new NameSyntax(0, "v" + depth, false), Bound("v" + depth)]),
            8 => new CallSyntax(0, null, random.GetItems(["size", "string", "int", "dyn", "type"], 1)[0], [Part()]),
            9 => new ListSyntax(0, Parts()),
            10 => new MapSyntax(0, [.. Parts().Select((part, i) => ((SyntaxNode)new LiteralSyntax(0, (long)i), part))]),
            _ => Part(),
        };
    }

    // The grammar reads a chain in a chain of its own operator as one when it stands first.
    private static LogicalSyntax Logical(TokenKind @operator, List<SyntaxNode> operands) => operands[0] is LogicalSyntax first && first.Operator == @operator
        ? new LogicalSyntax(0, @operator, [.. first.Operands, .. operands.Skip(1)])
        : new LogicalSyntax(0, @operator, operands);
}
