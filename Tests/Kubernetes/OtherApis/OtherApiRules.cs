namespace Orrery.Tests.Kubernetes;

/// <summary>
/// Kinds that a chart may hold and that are not Kubernetes' own: the fields that their CustomResourceDefinitions have (Gateway API's standard
/// channel, KEDA 2.20, Prometheus operator 0.93), and the conditions between fields that their webhooks check.
/// </summary>
internal static class OtherApiRules
{
    private static readonly Dictionary<string, OtherApi> Known = ((OtherApi[])
    [
        HttpRouteRules.Api,
        ScaledObjectRules.Api,
        TriggerAuthenticationRules.Api,
        ServiceMonitorRules.Api,
    ]).ToDictionary(api => $"{api.ApiVersion} {api.Kind}", StringComparer.Ordinal);

    private static readonly Shape Metadata = Shape.Object(
        ("name*", Shape.NonEmpty(253)),
        ("namespace", Shape.NonEmpty(63)),
        ("labels", Shape.MapOf(Shape.Text)),
        ("annotations", Shape.MapOf(Shape.Text)),
        ("finalizers", Shape.ListOf(Shape.NonEmpty())));

    public static bool Knows(Document document) => Known.ContainsKey($"{document.ApiVersion} {document.Kind}");

    public static IEnumerable<Finding> Check(Document document)
    {
        var api = Known[$"{document.ApiVersion} {document.Kind}"];
        var shape = Shape.Object(("apiVersion*", Shape.Text), ("kind*", Shape.Text), ("metadata*", Metadata), ("spec*", api.Spec));
        return [.. ShapeCheck.Check(document, document.Root, shape), .. api.Conditions(document)];
    }
}

/// <summary>A kind of somebody else's API.</summary>
/// <param name="Spec">The fields of <c>spec</c>.</param>
/// <param name="Conditions">What must hold between fields.</param>
internal sealed record OtherApi(string ApiVersion, string Kind, Shape Spec, Func<Document, IEnumerable<Finding>> Conditions);
