using Orrery.Expressions;

namespace Orrery.Contracts.Expressions;

/// <summary>What the expressions of a route may name. The Catalogue compiles in it what is applied, gateways what they evaluate; docs/routing.md has the table.</summary>
public static class RouteScope
{
    public static readonly ObjectType<IRoutedRequest> Request = new ObjectType<IRoutedRequest>("request")
        .Member("model", ExpressionType.String, request => request.Model)
        .Member("models", ExpressionType.List(ExpressionType.String), request => request.Models)
        .Member("operation", ExpressionType.String, request => request.Operation)
        .Member("path", ExpressionType.String, request => request.Path)
        .Member("headers", ExpressionType.Map(ExpressionType.String, ExpressionType.String), request => request.Headers)
        .Member("tags", ExpressionType.List(ExpressionType.String), request => request.Tags)
        .Member("input_tokens", ExpressionType.Int, request => request.InputTokens)
        .Member("modalities", ExpressionType.List(ExpressionType.String), request => request.Modalities)
        .Member("stream", ExpressionType.Bool, request => request.Stream)
        .Member("max_tokens", ExpressionType.Dyn, request => Optional(request.MaxTokens))
        .Member("body", ExpressionType.Map(ExpressionType.String, ExpressionType.Dyn), request => request.Body);

    public static readonly ObjectType<SnapshotKey> Key = new ObjectType<SnapshotKey>("key")
        .Member("name", ExpressionType.String, key => key.Name)
        .Member("tags", ExpressionType.List(ExpressionType.String), key => Texts(key.Tags));

    public static readonly ObjectType<SnapshotTeam> Team = new ObjectType<SnapshotTeam>("team")
        .Member("name", ExpressionType.String, team => team.Name)
        .Member("tags", ExpressionType.List(ExpressionType.String), team => Texts(team.Tags));

    public static readonly ObjectType<ISelectableModel> Pricing = new ObjectType<ISelectableModel>("pricing")
        .Member("input", ExpressionType.Dyn, model => Optional(model.InputPrice))
        .Member("output", ExpressionType.Dyn, model => Optional(model.OutputPrice));

    public static readonly ObjectType<ISelectableModel> Model = new ObjectType<ISelectableModel>("model")
        .Member("id", ExpressionType.String, model => model.Id)
        .Member("provider_id", ExpressionType.String, model => model.ProviderId)
        .Member("metadata", ExpressionType.Map(ExpressionType.String, ExpressionType.Dyn), model => model.Metadata)
        .Member("pricing", Pricing, Pricing.Of)
        .Member("context_window", ExpressionType.Dyn, model => Optional(model.ContextWindow))
        .Member("max_output_tokens", ExpressionType.Dyn, model => Optional(model.MaxOutputTokens))
        .Member("latency_ms", ExpressionType.Dyn, model => Optional(model.LatencyMs))
        .Member("in_flight", ExpressionType.Int, model => (long)model.InFlight)
        .Member("ready", ExpressionType.Bool, model => model.IsReady)
        .Member("priority", ExpressionType.Int, model => (long)model.Priority)
        .Member("weight", ExpressionType.Int, model => (long)model.Weight)
        .Member("self_hosted", ExpressionType.Bool, model => model.IsSelfHosted);

    /// <summary>Of <c>match.expression</c>: request, key, team.</summary>
    public static readonly Scope Match = OfRequest();

    /// <summary>Of <c>selection</c>: the same, and then <c>ai.models</c>.</summary>
    public static readonly Scope Selection = OfRequest().Variable("ai.models", ExpressionType.List(Model));

    /// <summary>In place of a team where the key belongs to none.</summary>
    public static readonly SnapshotTeam NoTeam = new() { Namespace = "", Name = "" };

    /// <summary>Strings as a value.</summary>
    public static Value Texts(IEnumerable<string> texts) => Value.List(texts.Select(text => (Value)text));

    private static Scope OfRequest() => new Scope().Variable("request", Request).Variable("key", Key).Variable("team", Team);

    private static Value Optional(long? number) => number is { } known ? known : Value.Null;

    private static Value Optional(int? number) => number is { } known ? (long)known : Value.Null;

    private static Value Optional(double? number) => number is { } known ? known : Value.Null;
}
