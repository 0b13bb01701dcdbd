using System.Buffers;
using System.Text.Json;
using Orrery.Expressions;

namespace Orrery.Tests.Expressions;

/// <summary>No expression and no document takes more than it may.</summary>
public sealed class BoundsTests
{
    private static readonly Scope Scope = new Scope().Variable("x", ExpressionType.Dyn);

    [Fact]
    public void Length_is_bounded() => AssertRefused($"'{new string('a', 40_000)}'", "the expression is too long");

    [Fact]
    public void Size_is_bounded() => AssertRefused($"[{string.Join(',', Enumerable.Repeat('1', 6_000))}]", "the expression is too large");

    public static readonly TheoryData<string> Nested =
    [
        Deep("(", "1", ")"), Deep("[", "1", "]"), Deep("{'a':", "1", "}"), Deep("size([", "1", "])"), Deep("true ? 1 : ", "1", ""), Deep("1 + ", "1", ""),
        Deep("x[", "1", "]"), Deep("1 + (", "1", ")"), Deep("!(", "true", ")"), Deep("-(", "1", ")"), Deep("x", "x", ".a"), Deep("x.map(y,", "1", ")"), Deep("x == ", "x", ""),
        Deep("(", "", ""), Deep("[", "", ""), Deep("{1:", "", ""), Deep("a(", "", ""), Deep("a.b(", "", ""), Deep("-(", "", ""),
    ];

    [Theory]
    [MemberData(nameof(Nested))]
    public void Depth_is_bounded_on_a_small_stack(string expression)
    {
        Exception? failure = null;
        var thread = new Thread(
            () => failure = Record.Exception(() => Assert.False(Expression.TryCompile(expression, Scope, out _, out _))),
            maxStackSize: 512 << 10);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [Fact]
    public void The_deepest_that_compiles_runs_on_a_small_stack()
    {
        string[] expressions = [Deep("[", "1", "]", 190), Deep("(1 + ", "1", ")", 190), Deep("(true ? ", "1", " : 2)", 190), string.Concat(Enumerable.Repeat("1 + ", 190)) + "1", Deep("[x].map(y, ", "1", ")", 16), "x" + string.Concat(Enumerable.Repeat(".map(y, [y])", 190))];
        Exception? failure = null;
        var thread = new Thread(
            () => failure = Record.Exception(() => Assert.All(expressions, expression => Assert.Null(Expression.Compile(expression, Scope).Evaluate(Value.List(1L)).Error))),
            maxStackSize: 512 << 10);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [Fact]
    public void Chains_of_conditions_and_literals_may_be_long()
    {
        Assert.True(Expression.Compile(string.Join(" || ", Enumerable.Repeat("x == 1", 1_000)), Scope).Evaluate(1L).IsTrue);
        Assert.True(Expression.Compile($"x in [{string.Join(", ", Enumerable.Range(0, 2_000))}]", Scope).Evaluate(1_999L).IsTrue);
    }

    [Theory]
    [InlineData("x.map(a, x.map(b, x.map(c, 1)))")]
    [InlineData("x.all(a, x.all(b, x.all(c, a + b + c >= 0)))")]
    [InlineData("x.exists(a, x.exists(b, x.exists(c, 1 / 0 > 0)))")]
    [InlineData("x.exists(a, x.exists(b, x.exists(c, false))) || true")]
    [InlineData("true || x.map(a, x.map(b, x.map(c, 1))) == [] ? x.filter(a, x.exists_one(b, x.exists_one(c, true))) : []")]
    [InlineData("x.sortBy(a, x.map(b, x.map(c, c)).size())")]
    [InlineData("x.map(a, x).map(a, x == a)")]
    [InlineData("x.map(a, x + x).map(a, a + a).map(a, a + a)")]
    [InlineData("x.map(a, x.reverse())")]
    [InlineData("x.map(a, x.sort())")]
    [InlineData("x.map(a, x.map(b, 'y').join('').contains('yy'))")]
    [InlineData("x.map(a, a in x)")]
    public void Rounds_are_bounded(string expression)
    {
        var list = Value.List(Enumerable.Range(0, 3_000).Select(i => (Value)(long)i));
        var error = Expression.Compile(expression, Scope).Evaluate(new EvaluationSettings(new EvaluationLimits { Steps = 500_000 }), list).Error;
        Assert.Equal(EvaluationErrorKind.LimitExceeded, error?.Kind);
    }

    [Fact]
    public void Text_that_doubles_is_bounded()
    {
        var doubling = "[x]" + string.Concat(Enumerable.Repeat(".map(s, s + s)", 60)) + "[0].size()";
        var error = Expression.Compile(doubling, Scope).Evaluate("0123456789").Error;
        Assert.Equal((EvaluationErrorKind.LimitExceeded, "the expression makes too much text"), (error?.Kind, error?.Message));
        Assert.Equal(EvaluationErrorKind.LimitExceeded, Expression.Compile("x.replace('', x).replace('', x).size()", Scope).Evaluate(new string('a', 5_000)).Error?.Kind);
        Assert.Equal(EvaluationErrorKind.LimitExceeded, Expression.Compile("x.split('').map(c, x).join('').size()", Scope).Evaluate(new string('a', 9_000)).Error?.Kind);
    }

    [Fact]
    public void A_small_value_that_would_be_a_large_document_is_not_written()
    {
        var value = Expression.Compile("[x]" + string.Concat(Enumerable.Repeat(".map(s, [s, s])", 60)), Scope).Evaluate("a").Value;
        using var writer = new Utf8JsonWriter(new ArrayBufferWriter<byte>());
        Assert.Equal(EvaluationErrorKind.LimitExceeded, value.WriteTo(writer, maxBytes: 1 << 20)?.Kind);
        Assert.Equal(EvaluationErrorKind.LimitExceeded, Expression.Compile("x == x", Scope).Evaluate(value).Error?.Kind);
    }

    [Fact]
    public void Values_deeper_than_the_stack_are_neither_compared_nor_written()
    {
        var value = Value.List();
        for (var i = 0; i < 100_000; i++)
        {
            value = Value.List(value);
        }

        using var writer = new Utf8JsonWriter(new ArrayBufferWriter<byte>());
        Assert.Equal(EvaluationErrorKind.LimitExceeded, value.WriteTo(writer)?.Kind);
        Assert.Equal(EvaluationErrorKind.LimitExceeded, Expression.Compile("x == [x][0]", Scope).Evaluate(value).Error?.Kind);
    }

    [Theory]
    [InlineData("(a*)*b")]
    [InlineData("(a|aa)+$")]
    [InlineData("(x+x+)+y")]
    [InlineData("^(([a-z])+.)+[A-Z]([a-z])+$")]
    [InlineData("(a|b|ab)*c")]
    [InlineData("a{1,300}b")]
    public void Patterns_that_backtracking_dies_of_end(string pattern)
    {
        var expression = Expression.Compile($"x.matches('{pattern}')", Scope);
        Assert.Null(expression.Evaluate(new string('a', 20_000)).Error?.Kind is { } kind and not EvaluationErrorKind.LimitExceeded ? kind : null);
        Assert.Null(expression.Evaluate(new string('a', 50)).Error);
    }

    [Fact]
    public void Patterns_of_the_input_are_bounded()
    {
        var expression = Expression.Compile("'a'.matches(x)", Scope);
        Assert.Equal(EvaluationErrorKind.InvalidArgument, expression.Evaluate(new string('a', 600)).Error?.Kind);
        Assert.Equal(EvaluationErrorKind.InvalidArgument, expression.Evaluate("((((a{9}){9}){9}){9}){9}").Error?.Kind);
        Assert.Equal(EvaluationErrorKind.InvalidArgument, expression.Evaluate(new string('(', 500)).Error?.Kind);
        var many = Expression.Compile("x.map(p, 'a'.matches(p)).size()", Scope);
        Assert.Equal(EvaluationErrorKind.LimitExceeded, many.Evaluate(Value.List(Enumerable.Range(0, 1_000).Select(i => (Value)$"{i}"))).Error?.Kind);
    }

    [Fact]
    public void A_wide_document_that_is_walked_again_and_again_is_bounded()
    {
        using var document = JsonDocument.Parse($"{{\"rows\": [{string.Join(',', Enumerable.Range(0, 20_000))}], {string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"k{i}\": {i}"))}}}");
        var error = Expression.Compile("x.rows.map(r, x.k0)", Scope).Evaluate(Value.Json(document.RootElement)).Error;
        Assert.Equal(EvaluationErrorKind.LimitExceeded, error?.Kind);
    }

    [Theory]
    [InlineData("x.rows.map(r, x.big)")]
    [InlineData("x.rows.exists(r, x.big == 'a')")]
    [InlineData("x.rows.exists(r, math.least(x.texts) > 0)")]
    [InlineData("x.rows.exists(r, x.texts == ['a'])")]
    [InlineData("x.rows.exists(r, 'a' in x.texts)")]
    [InlineData("x.rows.exists(r, x.texts.join() == 'a')")]
    [InlineData("x.rows.exists(r, x.digits == 1)")]
    [InlineData("x.rows.exists(r, x.wide == {'a': 1})")]
    public void Large_texts_of_a_document_that_are_read_again_and_again_are_bounded(string expression)
    {
        using var document = LargeTexts();
        Assert.Equal(EvaluationErrorKind.LimitExceeded, Expression.Compile(expression, Scope).Evaluate(Value.Json(document.RootElement)).Error?.Kind);
    }

    [Fact]
    public void Asking_whether_a_large_text_is_there_does_not_read_it()
    {
        using var document = LargeTexts();
        Assert.True(Expression.Compile("x.rows.all(r, has(x.big) && 'big' in x)", Scope).Evaluate(Value.Json(document.RootElement)).IsTrue);
    }

    private static JsonDocument LargeTexts()
    {
        var large = new string('1', 300_000);
        return JsonDocument.Parse($"{{\"rows\": [{string.Join(',', Enumerable.Range(0, 2_000))}], \"big\": \"{large}\", \"texts\": [\"{large}\"], \"digits\": {large}, \"wide\": {{\"{large}\": 1}}}}");
    }

    private static string Deep(string open, string inner, string close, int times = 5_000) =>
        string.Concat(Enumerable.Repeat(open, times)) + inner + string.Concat(Enumerable.Repeat(close, times));

    private static void AssertRefused(string expression, string problem)
    {
        Assert.False(Expression.TryCompile(expression, Scope, out _, out var errors));
        Assert.Equal(problem, errors[0].Problem);
    }
}
