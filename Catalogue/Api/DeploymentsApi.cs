using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>What the Builder tells of a deployment and can be asked of it. It is asked here, where callers are known, and answered there.</summary>
internal static class DeploymentsApi
{
    public const string Builder = "builder";

    private const string CallerHeader = "X-Orrery-Caller";

    private const int MostEvents = 1_000;

    public static void MapDeploymentsApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { "/deployments", "/namespaces/{namespace}/deployments" })
        {
            var group = routes.MapGroup(scope).RequireAdministrator().WithTags("Deployments");
            group.MapPost("/plan", Plan).Takes().WithSummary("What declaring a ModelDeployment, or one with this spec, would do");
            group.MapGet("/{name}/revisions", PassOnAlone).Takes().WithSummary("Everything of a deployment that was applied");
            group.MapGet("/{name}/replicas", PassOnAlone).Takes().WithSummary("Every replica of a deployment, as it is seen now");
            group.MapGet("/{name}/events", Events).Takes("after", "watch", "limit").WithSummary("What happened to a deployment; ?watch=true follows");
            group.MapGet("/{name}/logs", Logs).Takes("replica", "revision", "tail", "follow", "previous").WithSummary("What a replica's server writes");
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

        return await PassOn(http, clients, configuration, JsonSerializer.SerializeToUtf8Bytes(spec, ContractsJson.Default.ModelDeploymentSpec), cancellationToken);
    }

    private static Task<IResult> PassOnAlone(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken) =>
        PassOn(http, clients, configuration, body: null, cancellationToken);

    private static async Task<IResult> PassOn(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, byte[]? body, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var @namespace = http.Request.RouteValues["namespace"] as string ?? caller.Namespace;
        if (!caller.MayReach(@namespace))
        {
            return Problems.Of(Refusal.Forbidden($"Your access key administers namespace '{caller.Namespace}' and opens no other."));
        }

        if (!ServiceClients.IsKnown(configuration, Builder))
        {
            return Problems.Of(new Refusal(StatusCodes.Status503ServiceUnavailable, "No Builder", "This installation runs no Builder, so that nothing is deployed here: declare a ModelProvider for servers that run elsewhere."));
        }

        using var request = Request(http, @namespace, caller, body);
        using var client = clients.CreateClient(Builder);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await SendAsync(http.Response, answer, cancellationToken);
            return TypedResults.Empty;
        }
        catch (Exception error) when (!http.Response.HasStarted && !cancellationToken.IsCancellationRequested && error is HttpRequestException or Polly.ExecutionRejectedException)
        {
            return Problems.Of(new Refusal(StatusCodes.Status503ServiceUnavailable, "Builder away", "The Builder does not answer just now; what runs goes on. Try again in a moment."));
        }
    }

    private static HttpRequestMessage Request(HttpContext http, string @namespace, Caller caller, byte[]? body)
    {
        var path = http.Request.Path.Value!;
        var rest = path[(path.IndexOf("/deployments/", StringComparison.Ordinal) + "/deployments/".Length)..];
        var request = new HttpRequestMessage(
            new HttpMethod(http.Request.Method),
            $"/internal/namespaces/{Uri.EscapeDataString(@namespace)}/deployments/{string.Join('/', rest.Split('/').Select(Uri.EscapeDataString))}{http.Request.QueryString}");
        request.Headers.Add(CallerHeader, caller.Name);
        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        }

        return request;
    }

    /// <summary>As it comes: events and logs are not kept back.</summary>
    private static async Task SendAsync(HttpResponse response, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        response.StatusCode = (int)answer.StatusCode;
        response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await response.StartAsync(cancellationToken);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }
    }
}
