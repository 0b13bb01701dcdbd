using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>What the Builder tells of a deployment and can be asked of it. It is asked here, where callers are known, and answered there.</summary>
internal static class DeploymentsApi
{
    private const int MostEvents = 1_000;

    public static void MapDeploymentsApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { "/deployments", "/namespaces/{namespace}/deployments" })
        {
            var group = routes.MapGroup(scope).RequireAdministrator().WithTags("Deployments");
            group.MapPost("/plan", Plan).Takes().WithSummary("What declaring a ModelDeployment, or one with this spec, would do");
            group.MapRead("/{name}/revisions", PassOnAlone).Takes().WithSummary("Everything of a deployment that was applied");
            group.MapRead("/{name}/replicas", PassOnAlone).Takes().WithSummary("Every replica of a deployment, as it is seen now");
            group.MapRead("/{name}/events", Events).Takes("after", "watch", "limit").WithSummary("What happened to a deployment; ?watch=true follows");
            group.MapRead("/{name}/logs", Logs).Takes("replica", "revision", "tail", "follow", "previous").WithSummary("What a replica's server writes");
            group.MapPost("/{name}/rollback", Rollback).Takes("to").WithSummary("Goes back to a revision, the one before where none is named");
            group.MapPost("/{name}/promote", PassOnAlone).Takes().WithSummary("Has the canary take over");
            group.MapPost("/{name}/restart", PassOnAlone).Takes().WithSummary("Makes a new revision of the same declaration");
        }
    }

    private static Task<IResult> Events(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
    {
        http.Request.Number("after", 0, 0, long.MaxValue);
        http.Request.Flag("watch");
        http.Request.Limit(most: MostEvents);
        return PassOnAlone(http, clients, configuration, cancellationToken);
    }

    private static Task<IResult> Logs(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
    {
        http.Request.Number("replica", 0, 0, int.MaxValue);
        http.Request.Number("revision", 1, 1, int.MaxValue);
        http.Request.Number("tail", 0, 0, int.MaxValue);
        http.Request.Flag("follow");
        http.Request.Flag("previous");
        return PassOnAlone(http, clients, configuration, cancellationToken);
    }

    private static Task<IResult> Rollback(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
    {
        http.Request.Number("to", 1, 1, int.MaxValue);
        return PassOnAlone(http, clients, configuration, cancellationToken);
    }

    /// <summary>A ModelDeployment in its envelope, in short, or its spec alone: held against its rules here, and judged by the Builder.</summary>
    private static async Task<IResult> Plan(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var @namespace = http.Request.RouteValues["namespace"] as string ?? http.Caller().Namespace;
        var (documents, faults) = await RequestBody.ReadDocumentsAsync(http.Request, new DocumentContext(@namespace) { SpecOf = ResourceKind.ModelDeployment }, cancellationToken);
        if (faults is not null)
        {
            return Problems.Of(faults);
        }

        if (documents is not [{ Spec: ModelDeploymentSpec spec, Metadata: { } metadata }] || metadata.Namespace != @namespace)
        {
            throw new BadHttpRequestException($"The body holds {(documents.Count == 1 ? $"a {documents[0].Definition.Kind.Name} of namespace '{documents[0].Metadata.Namespace}'" : $"{documents.Count} documents")}; expected one ModelDeployment of namespace '{@namespace}', or its spec alone.");
        }

        return await BuilderProxy.PassOn(http, clients, configuration, JsonSerializer.SerializeToUtf8Bytes(spec, ContractsJson.Default.ModelDeploymentSpec), cancellationToken);
    }

    private static Task<IResult> PassOnAlone(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken) =>
        BuilderProxy.PassOn(http, clients, configuration, body: null, cancellationToken);
}
