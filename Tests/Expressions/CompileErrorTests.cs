using Orrery.Expressions;

namespace Orrery.Tests.Expressions;

/// <summary>What an author of an expression reads: the place, what stands there and what may stand there.</summary>
public sealed class CompileErrorTests
{
    private static readonly ObjectType<Engine> Engine = new ObjectType<Engine>("model")
        .Member("id", ExpressionType.String, engine => engine.Id)
        .Member("provider_id", ExpressionType.String, engine => engine.Provider)
        .Member("cost", ExpressionType.Double, engine => engine.Cost);

    private static readonly Scope Scope = new Scope()
        .Variable("ai.models", ExpressionType.List(Engine))
        .Variable("ai.providers", ExpressionType.List(ExpressionType.String))
        .Variable("request", ExpressionType.Dyn);

    [Theory]
    [InlineData("ai.modles", "1:4: unknown name: found 'ai.modles', expected a declared name; did you mean 'ai.models'?")]
    [InlineData("requst.path", "1:1: unknown name: found 'requst', expected a declared name; did you mean 'request'?")]
    [InlineData("ai", "1:1: unknown name: found 'ai', expected one of ai.models, ai.providers")]
    [InlineData("ai.models.filter(m, m.providr_id == 'x')", "1:23: unknown member of model: found 'providr_id', expected one of id, provider_id, cost; did you mean 'provider_id'?")]
    [InlineData("ai.models.filter(m, has(m.price))", "1:27: unknown member of model: found 'price', expected one of id, provider_id, cost")]
    [InlineData("ai.models.filter(m, m.id)", "1:23: wrong type of an operand of 'filter': found string, expected bool")]
    [InlineData("ai.models.filter(m, model.id == 'x')", "1:21: unknown name: found 'model', expected a declared name")]
    [InlineData("ai.models.filtr(m, true)", "1:11: unknown function: found 'filtr', expected a function; did you mean 'filter'?")]
    [InlineData("ai.models.filter(true)", "1:11: wrong count of arguments of 'filter': found 1, expected list.filter(x, condition)")]
    [InlineData("request.path.startswith('/')", "1:14: unknown function: found 'startswith', expected a function; did you mean 'startsWith'?")]
    [InlineData("request.path.startsWith('/', 1)", "1:14: wrong count of arguments of 'startsWith': found 2, expected string.startsWith(string)")]
    [InlineData("'a'.startsWith(1)", "1:5: wrong types of arguments of 'startsWith': found string, int, expected string.startsWith(string)")]
    [InlineData("size(1)", "1:1: wrong types of arguments of 'size': found int, expected size(string) or size(list(dyn)) or size(map(dyn, dyn))")]
    [InlineData("startsWith('a', 'b')", "1:1: 'startsWith' is not called like this: found startsWith(…), expected string.startsWith(string)")]
    [InlineData("1 +\n 'a'", "1:3: wrong types at '+': found int + string, expected two ints, doubles, strings or lists; convert with double(…), int(…) or string(…)")]
    [InlineData("true &&\n  (1 +)", "2:7: syntax error: found ')', expected a value: a name, a literal, '(', '[' or '{'")]
    [InlineData("true && ", "1:9: syntax error: found the end of the expression, expected a value: a name, a literal, '(', '[' or '{'")]
    [InlineData("(1", "1:3: syntax error: found the end of the expression, expected ')'")]
    [InlineData("[1 2]", "1:4: syntax error: found '2', expected ',' or ']' after the element")]
    [InlineData("request.path = 'x'", "1:14: unknown operator: found '=', expected '==' to compare")]
    [InlineData("'abc", "1:1: the string that begins here does not end: found the end of the expression, expected '")]
    [InlineData("'a\\qb'", "1:3: unknown escape in a string: found '\\' and 'qb', expected one of \\a \\b \\f \\n \\r \\t \\v \\\\ \\? \\\" \\' \\` \\xHH \\uHHHH \\UHHHHHHHH \\OOO, or a raw string r'…'")]
    [InlineData("'x'.matches('a(b')", "1:13: invalid pattern: found a ')' is missing at its character 4, expected a regular expression of RE2's syntax")]
    [InlineData("#", "1:1: unknown character: found '#', expected an operator, a name or a literal")]
    [InlineData("\u0001", "1:1: unknown character: found character U+0001, expected an operator, a name or a literal")]
    [InlineData("", "1:1: syntax error: found the end of the expression, expected a value: a name, a literal, '(', '[' or '{'")]
    [InlineData("math.abs(1)", "1:6: unknown function: found 'math.abs', expected a function")]
    [InlineData("{'a': 1, 'b': 2, 'a': 3}", "1:18: the map has this key twice: found \"a\", expected another key")]
    public void Tells_where_and_why(string expression, string expected)
    {
        Assert.False(Expression.TryCompile(expression, Scope, out _, out var errors));
        Assert.Equal(expected, errors[0].ToString());
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_expression()
    {
        Assert.False(Expression.TryCompile("'" + '\ud800' + "'", Scope, out _, out var errors));
        Assert.Equal("1:2: the expression is not valid Unicode: found half a surrogate pair, expected a character", errors[0].ToString());
    }

    [Fact]
    public void Tells_every_mistake_of_a_well_formed_expression()
    {
        Assert.False(Expression.TryCompile("requst.a == 1 &&\nsize(1) > 0 &&\n'a' < 2", Scope, out _, out var errors));
        Assert.Equal([(1, 1), (2, 1), (3, 5)], errors.Select(error => (error.Line, error.Column)));
    }

    [Fact]
    public void The_type_that_is_asked_for_must_come_out()
    {
        Assert.True(Expression.TryCompile("request.a", Scope, out _, out _, expects: ExpressionType.Bool));
        Assert.False(Expression.TryCompile("ai.models", Scope, out _, out var errors, expects: ExpressionType.Bool));
        Assert.Equal("1:1: wrong type of the result: found list(model), expected bool", errors[0].ToString());
    }

    [Fact]
    public void Compile_throws_what_TryCompile_says() =>
        Assert.StartsWith("1:1: unknown name: found 'x'", Assert.Throws<ExpressionException>(() => Expression.Compile("x", Scope)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("request")]
    [InlineData("1a")]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("a-b")]
    [InlineData("in")]
    [InlineData("package")]
    public void A_scope_takes_names_of_the_language_once(string name) =>
        Assert.Throws<ArgumentException>(() => new Scope().Variable("request", ExpressionType.Dyn).Variable(name, ExpressionType.Dyn));

    [Fact]
    public void An_error_of_an_evaluation_has_its_place_and_no_value_of_the_input()
    {
        var error = Expression.Compile("true &&\n  request.a == int(request.secret)", Scope).Evaluate(Engine.ListOf([]), Value.List(), Value.Map([new("a", 1L), new("secret", "sk-123")])).Error;
        Assert.Equal("2:16: the text is no int", error?.ToString());
    }
}

internal sealed record Engine(string Id, string Provider, double Cost, string? Tier = null);
