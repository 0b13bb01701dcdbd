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
        var body = ExpressionRules.Compile(request.Body, TransformScopes.Request(shape), errors, field + ".request.body");
        var headers = (request.Headers ?? new Dictionary<string, string>())
            .Select(header => (header.Key, Value: TextTemplate.Compile(header.Value, TransformScopes.Address, errors, $"{field}.request.headers.{header.Key}")))
            .ToList();
        var response = Expression(transform.Response?.Body, TransformScopes.Response, "response.body");
        var usage = Expression(transform.Response?.Usage, TransformScopes.Response, "response.usage");
        var stream = transform.Stream is null ? null : CompiledStream.Compile(transform.Stream, field + ".stream", errors);
        var job = transform.Job is null ? null : CompiledJob.Compile(transform.Job, field + ".job", errors);
        return errors.All.Count > before ? null : new CompiledOperation(field, shape, request.Method ?? "POST", path!, body!)
        {
            Headers = [.. headers.Select(header => (header.Key, header.Value!))],
            Response = response,
            Usage = usage,
            Stream = stream,
            Job = job,
        };

        Expression? Expression(string? source, Scope scope, string name) => source is null ? null : ExpressionRules.Compile(source, scope, errors, $"{field}.{name}");
    }

    /// <summary>Adds what can be no result.</summary>
    internal void CheckResults(FieldErrors errors)
    {
        var shape = ShapeOf(Shape);
        Check(Body, ResultShape.Body, ".request.body");
        Check(Response, shape, ".response.body");
        Check(Usage, ResultShape.Usage, ".response.usage");
        Check(Stream?.Event, shape, ".stream.event");
        Check(Stream?.Usage, ResultShape.Usage, ".stream.usage");
        Check(Job?.Failed, ResultShape.Error, ".job.failed");

        void Check(Expression? expression, ResultShape result, string name)
        {
            if (expression is not null)
            {
                result.Check(expression, errors, Field + name);
            }
        }
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
    internal static CompiledStream? Compile(StreamTransform stream, string field, FieldErrors errors)
    {
        errors.RequireOneOf(field + ".format", stream.Format, StreamFormats.All);
        var @event = ExpressionRules.Compile(stream.Event, TransformScopes.Event, errors, field + ".event");
        var done = stream.Done is null ? null : ExpressionRules.Compile(stream.Done, TransformScopes.Event, errors, field + ".done", ExpressionType.Bool);
        var usage = stream.Usage is null ? null : ExpressionRules.Compile(stream.Usage, TransformScopes.Event, errors, field + ".usage");
        return @event is null ? null : new CompiledStream(stream.Format, @event, done, usage);
    }
}
