using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>The variables of each kind of expression, in the order in which they are given.</summary>
public static class TransformScopes
{
    /// <summary><c>model</c>, <c>stream</c>. Nothing of a client's request decides where it goes.</summary>
    public static readonly Scope Address = new Scope().Variable("model", ExpressionType.String).Variable("stream", ExpressionType.Bool);

    /// <summary><c>response</c>, <c>model</c>.</summary>
    public static readonly Scope Response = new Scope().Variable("response", ExpressionType.Dyn).Variable("model", ExpressionType.String);

    /// <summary><c>event</c>, <c>name</c>, <c>model</c>.</summary>
    public static readonly Scope Event = new Scope().Variable("event", ExpressionType.Dyn).Variable("name", ExpressionType.String).Variable("model", ExpressionType.String);

    /// <summary><c>response</c>, <c>status</c>.</summary>
    public static readonly Scope Error = new Scope().Variable("response", ExpressionType.Dyn).Variable("status", ExpressionType.Int);

    /// <summary><c>job</c>, <c>response</c>, <c>model</c>.</summary>
    public static readonly Scope Job = new Scope().Variable("job", ExpressionType.Dyn).Variable("response", ExpressionType.Dyn).Variable("model", ExpressionType.String);

    private static readonly Dictionary<RequestShape, Scope> Requests =
        new[] { RequestShape.Chat, RequestShape.Completions, RequestShape.Embeddings, RequestShape.Images, RequestShape.Speech }.ToDictionary(
            shape => shape, shape => new Scope().Variable("request", shape.Type).Variable("model", ExpressionType.String).Variable("stream", ExpressionType.Bool));

    /// <summary><c>request</c>, <c>model</c>, <c>stream</c>.</summary>
    public static Scope Request(RequestShape shape) => Requests[shape];
}
