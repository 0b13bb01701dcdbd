using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Orrery.Expressions;

namespace Orrery.Bench.Expressions;

/// <summary>Ten expressions as operators write them: matches of routes, strategies over 20 models, transforms of a chat of 1 KB.</summary>
public class EvaluationStages
{
    private static readonly ObjectType<Model> ModelType = new ObjectType<Model>("model")
        .Member("id", ExpressionType.String, model => model.Id)
        .Member("provider_id", ExpressionType.String, model => model.Provider)
        .Member("cost", ExpressionType.Double, model => model.Cost);

    private static readonly ObjectType<Request> RequestType = new ObjectType<Request>("request")
        .Member("path", ExpressionType.String, request => request.Path)
        .Member("model", ExpressionType.String, request => request.Model)
        .Member("stream", ExpressionType.Bool, request => request.IsStream)
        .Member("tokens", ExpressionType.Int, request => request.Tokens);

    private static readonly Scope Scope = new Scope()
        .Variable("request", RequestType)
        .Variable("ai.models", ExpressionType.List(ModelType))
        .Variable("body", ExpressionType.Dyn);

    private readonly Expression _member = Compile("request.model == 'llama3'");
    private readonly Expression _conditions = Compile("request.path.startsWith('/v1/') && (request.stream || request.tokens < 4096) && request.model in ['llama3', 'mini']");
    private readonly Expression _pattern = Compile("request.model.matches('^(gpt|llama)[0-9]')");
    private readonly Expression _numbers = Compile("body.max_tokens <= 4096 && body.temperature < 1.5 && !body.stream");
    private readonly Expression _texts = Compile("body.model == 'llama3' && body.messages.exists(m, m.role == 'system')");
    private readonly Expression _absent = Compile("has(body.metadata) && body.metadata.tier == 'gold'");
    private readonly Expression _filter = Compile("ai.models.filter(m, m.provider_id == 'mine' && m.cost < 1.0)");
    private readonly Expression _sort = Compile("ai.models.sortBy(m, m.cost)");
    private readonly Expression _random = Compile("ai.models.random()");
    private readonly Expression _transform = Compile("{'inputs': body.messages[-1].content, 'parameters': {'max_new_tokens': int(body.max_tokens), 'temperature': body.temperature}}");

    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Random _source = new(1);
    private readonly Value[] _variables =
    [
        RequestType.Of(new Request("/v1/chat/completions", "llama3", false, 900)),
        ModelType.ListOf([.. Enumerable.Range(0, 20).Select(i => new Model($"model-{i}", i % 4 == 0 ? "mine" : "openai", (i * 7 % 20) / 10.0))]),
        Value.Json(JsonDocument.Parse($$"""
            {"model": "llama3", "stream": false, "max_tokens": 512, "temperature": 0.7, "messages": [
            {"role": "system", "content": "{{new string('s', 200)}}"}, {"role": "user", "content": "{{new string('u', 600)}}"}]}
            """).RootElement),
    ];

    private Utf8JsonWriter _writer = null!;

    [GlobalSetup]
    public void Start() => _writer = new Utf8JsonWriter(_output);

    [Benchmark(Description = "request.model == 'llama3'")]
    public bool Member() => Evaluate(_member).IsTrue;

    [Benchmark(Description = "path, stream or tokens, model in a list")]
    public bool Conditions() => Evaluate(_conditions).IsTrue;

    [Benchmark(Description = "model matches a pattern")]
    public bool Pattern() => Evaluate(_pattern).IsTrue;

    [Benchmark(Description = "three numbers and flags of a body")]
    public bool Numbers() => Evaluate(_numbers).IsTrue;

    [Benchmark(Description = "a text of a body, and exists over its messages")]
    public bool Texts() => Evaluate(_texts).IsTrue;

    [Benchmark(Description = "has() of what a body lacks")]
    public bool Absent() => !Evaluate(_absent).IsTrue;

    [Benchmark(Description = "filter over 20 models")]
    public Value Filter() => Evaluate(_filter).Value;

    [Benchmark(Description = "sortBy over 20 models")]
    public Value Sort() => Evaluate(_sort).Value;

    [Benchmark(Description = "random() over 20 models")]
    public Value Shuffle() => _random.Evaluate(new EvaluationSettings(Random: _source), _variables).Value;

    [Benchmark(Description = "a transform, written as JSON")]
    public int Transform()
    {
        _output.ResetWrittenCount();
        _writer.Reset(_output);
        Evaluate(_transform).Value.WriteTo(_writer);
        _writer.Flush();
        return _output.WrittenCount;
    }

    [Benchmark(Description = "compile of that transform")]
    public Expression CompileTransform() => Compile(_transform.Source);

    private static Expression Compile(string source) => Expression.Compile(source, Scope);

    private EvaluationResult Evaluate(Expression expression)
    {
        var result = expression.Evaluate(_variables);
        return result.Error is null ? result : throw new InvalidOperationException(result.ToString());
    }

    private sealed record Model(string Id, string Provider, double Cost);

    private sealed record Request(string Path, string Model, bool IsStream, long Tokens);
}
