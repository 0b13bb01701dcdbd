using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Expressions;

namespace Orrery.Tests.Expressions;

/// <summary>Documents in, documents out: what transforms need.</summary>
public sealed class JsonTests
{
    private const string Chat = """
        {"model": "m", "temperature": 0.7, "max_tokens": 12, "seed": 12345678901234567890, "stream": false, "stop": null, "tools": [],
         "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": [{"type": "text", "text": "hé😀"}]}, {"role": "user", "content": "hi"}]}
        """;

    private static readonly Scope Scope = new Scope().Variable("body", ExpressionType.Dyn);

    [Theory]
    [InlineData("{'inputs': body.messages[-1].content, 'parameters': {'max_new_tokens': int(body.max_tokens)}}", """{"inputs":"hi","parameters":{"max_new_tokens":12}}""")]
    [InlineData("body.messages.filter(m, m.role == 'user').map(m, type(m.content) == string ? m.content : m.content[0].text)", """["hé😀","hi"]""")]
    [InlineData("body.messages.map(m, m.role).join('/')", "\"system/user/user\"")]
    [InlineData("has(body.top_p) ? body.top_p : 1.0", "1")]
    [InlineData("has(body.stop)", "true")]
    [InlineData("body.stop == null", "true")]
    [InlineData("body.max_tokens == 12", "true")]
    [InlineData("body.max_tokens > 11 && body.temperature < 1", "true")]
    [InlineData("body.max_tokens * 2.0", "24")]
    [InlineData("body.temperature", "0.7")]
    [InlineData("body.seed", "12345678901234567890")]
    [InlineData("[body.seed]", "[12345678901234567890]")]
    [InlineData("body.tools", "[]")]
    [InlineData("body.messages[0]", """{"role": "system", "content": "be brief"}""")]
    [InlineData("size(body.messages)", "3")]
    [InlineData("body.messages[1].content[0].text.size()", "3")]
    [InlineData("'model' in body && !('x' in body)", "true")]
    [InlineData("'user' in body.messages.map(m, m.role)", "true")]
    [InlineData("body.map(k, k)[0]", "\"model\"")]
    [InlineData("body.messages[0] == {'content': 'be brief', 'role': 'system'}", "true")]
    [InlineData("body.messages + body.tools == body.messages", "true")]
    [InlineData("body == body", "true")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("9007199254740993", "\"9007199254740993\"")]
    [InlineData("1.0 / 0.0", "\"Infinity\"")]
    [InlineData("0.0 / 0.0", "\"NaN\"")]
    [InlineData("1e300", "1E+300")]
    [InlineData("{'a': [true, null, 'x\\n']}", """{"a":[true,null,"x\n"]}""")]
    public void Documents_become_documents(string expression, string expected)
    {
        using var document = JsonDocument.Parse(Chat);
        var result = Expression.Compile(expression, Scope).Evaluate(Value.Json(document.RootElement));
        Assert.Null(result.Error);
        Assert.Equal(expected, Written(result.Value, out var error));
        Assert.Null(error);
    }

    [Theory]
    [InlineData("body.messages[3]", "1:14: index out of range of a list of 3")]
    [InlineData("body.missing.deep", "1:6: no such key: missing")]
    [InlineData("body['missing']", "1:5: no such key: \"missing\"")]
    [InlineData("body.max_tokens + 1", "1:17: '+' does not take double and int")]
    [InlineData("body.model.name", "1:12: string has no member 'name'")]
    [InlineData("body.messages.map(m, m.content + '')", "1:32: '+' does not take list(dyn) and string")]
    public void What_is_not_there_is_an_error(string expression, string expected)
    {
        using var document = JsonDocument.Parse(Chat);
        Assert.Equal(expected, Expression.Compile(expression, Scope).Evaluate(Value.Json(document.RootElement)).Error?.ToString());
    }

    [Theory]
    [InlineData("{1: 2}", "a key of int has no form in JSON")]
    [InlineData("[int]", "type has no form in JSON")]
    public void What_has_no_form_in_JSON_is_not_written(string expression, string expected)
    {
        Written(Expression.Compile(expression, new Scope()).Evaluate().Value, out var error);
        Assert.Equal(expected, error?.Message);
    }

    [Fact]
    public void Text_that_is_no_Unicode_is_an_error_where_it_is_read_and_passes_where_it_is_not()
    {
        using var document = JsonDocument.Parse("""{"bad": "\ud800", "good": 1, "list": ["\udc00"], "nested": {"\ud800": 1}}""");
        var body = Value.Json(document.RootElement);
        Assert.Equal("1:6: a string of the document is not valid Unicode", Expression.Compile("body.bad == 'x'", Scope).Evaluate(body).Error?.ToString());
        Assert.True(Expression.Compile("body.good == 1.0", Scope).Evaluate(body).IsTrue);
        foreach (var expression in (string[])["body.list.map(x, x)", "body.list.exists(x, x == 'a')", "'a' in body.list || false", "body.list + []", "body.list.reverse()", "body.list.join()", "body.nested.map(k, k)", "body.list == ['a']", "body.nested == {'a': 1}", "body.list.sort()", "math.least(body.list)"])
        {
            var result = Expression.Compile(expression, Scope).Evaluate(body);
            Assert.True(result.Error is not null || !result.IsTrue, expression);
        }

        Assert.Equal("""{"\ud800": 1}""", Written(Expression.Compile("body.nested", Scope).Evaluate(body).Value, out _));
    }

    [Fact]
    public void A_match_on_a_document_allocates_no_more_than_what_it_looks_at()
    {
        using var document = JsonDocument.Parse(Chat);
        var body = Value.Json(document.RootElement);
        var expression = Expression.Compile("body.max_tokens < 100 && !body.stream && body.temperature > 0.5", Scope, expects: ExpressionType.Bool);
        Assert.True(expression.Evaluate(body).IsTrue);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            expression.Evaluate(body);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Written(Value value, out EvaluationError? error)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        error = value.WriteTo(writer);
        writer.Flush();
        return Encoding.UTF8.GetString(bytes.WrittenSpan).Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_that_are_null_are_left_out_of_maps_that_the_expression_made_and_of_no_others()
    {
        using var document = JsonDocument.Parse("""{"kept": null, "list": [null]}""");
        var result = Expression.Compile("{'a': null, 'b': body, 'c': [null, {'d': null, 'e': body.kept, 'f': 1}]}", Scope)
            .Evaluate(Value.Json(document.RootElement));
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            Assert.Null(result.Value.WriteTo(writer, leavesOutNulls: true));
        }

        Assert.Equal("""{"b":{"kept": null, "list": [null]},"c":[null,{"f":1}]}""", Encoding.UTF8.GetString(bytes.WrittenSpan));
    }
}
