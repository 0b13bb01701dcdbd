using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>One operation's transforms.</summary>
/// <param name="Field">Where it stands, for messages: <c>spec.transforms.chat</c>.</param>
public sealed record CompiledOperation(string Field, RequestShape Shape, string Method, PathTemplate Path, Expression Body)
{
    public IReadOnlyList<(string Name, TextTemplate Value)> Headers { get; init; } = [];

    public Expression? Response { get; init; }

    public Expression? Usage { get; init; }

    public CompiledStream? Stream { get; init; }

    public CompiledJob? Job { get; init; }

    internal static CompiledOperation? Compile(OperationTransform transform, RequestShape shape, string field, FieldErrors errors)
    {
        var before = errors.All.Count;
        OperationRules.Check(transform, shape, field, errors);
        var request = transform.Request;
        var path = PathTemplate.Compile(request.Path, TransformScopes.Address, keepsSlashes: true, errors, field + ".request.path");
        var body = ExpressionRules.Compile(request.Body, TransformScopes.Request(shape), errors, field + ".request.body", shape: ResultShape.Body);
        var headers = (request.Headers ?? new Dictionary<string, string>())
            .Select(header => (header.Key, Value: TextTemplate.Compile(header.Value, TransformScopes.Address, errors, $"{field}.request.headers.{header.Key}")))
            .ToList();
        var response = Expression(transform.Response?.Body, TransformScopes.Response, "response.body", ShapeOf(shape));
        var usage = Expression(transform.Response?.Usage, TransformScopes.Response, "response.usage", ResultShape.Usage);
        var stream = transform.Stream is null ? null : CompiledStream.Compile(transform.Stream, field + ".stream", ShapeOf(shape), errors);
        var job = transform.Job is null ? null : CompiledJob.Compile(transform.Job, field + ".job", errors);
        return errors.All.Count > before ? null : new CompiledOperation(field, shape, request.Method ?? "POST", path!, body!)
        {
            Headers = [.. headers.Select(header => (header.Key, header.Value!))],
            Response = response,
            Usage = usage,
            Stream = stream,
            Job = job,
        };

        Expression? Expression(string? source, Scope scope, string name, ResultShape result) =>
            source is null ? null : ExpressionRules.Compile(source, scope, errors, $"{field}.{name}", shape: result);
    }

    private static ResultShape ShapeOf(RequestShape shape) =>
        shape == RequestShape.Embeddings ? ResultShape.Vectors
        : shape == RequestShape.Images ? ResultShape.Images
        : shape == RequestShape.Completions ? ResultShape.Completions
        : ResultShape.Chat;
}

/// <summary>How an operation's stream is read.</summary>
public sealed record CompiledStream(string Format, Expression Event, Expression? Done, Expression? Usage)
{
    internal static CompiledStream? Compile(StreamTransform stream, string field, ResultShape piece, FieldErrors errors)
    {
        errors.RequireOneOf(field + ".format", stream.Format, StreamFormats.All);
        var @event = ExpressionRules.Compile(stream.Event, TransformScopes.Event, errors, field + ".event", shape: piece);
        var done = stream.Done is null ? null : ExpressionRules.Compile(stream.Done, TransformScopes.Event, errors, field + ".done", ExpressionType.Bool);
        var usage = stream.Usage is null ? null : ExpressionRules.Compile(stream.Usage, TransformScopes.Event, errors, field + ".usage", shape: ResultShape.Usage);
        return @event is null ? null : new CompiledStream(stream.Format, @event, done, usage);
    }
}
