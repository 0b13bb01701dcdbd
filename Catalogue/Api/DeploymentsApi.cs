using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>What the Builder tells of a deployment and can be asked of it. It is asked here, where callers are known, and answered there.</summary>
internal static class DeploymentsApi
{
    public const string Builder = "builder";

    private const string CallerHeader = "X-Orrery-Caller";

    public static void MapDeploymentsApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { "/deployments", "/namespaces/{namespace}/deployments" })
        {
            var group = routes.MapGroup(scope).RequireAdministrator().WithTags("Deployments");
            group.MapPost("/plan", PassOn).WithSummary("What declaring a ModelDeployment with this spec would do");
            group.MapGet("/{name}/{question:regex(^(revisions|replicas|events|logs)$)}", PassOn).WithSummary("Revisions, replicas, events and logs of a deployment");
            group.MapPost("/{name}/{wish:regex(^(rollback|promote|restart)$)}", PassOn).WithSummary("Goes back, promotes a canary, starts anew");
        }
    }

    private static async Task<IResult> PassOn(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
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

        using var request = await RequestAsync(http, @namespace, caller, cancellationToken);
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

    private static async Task<HttpRequestMessage> RequestAsync(HttpContext http, string @namespace, Caller caller, CancellationToken cancellationToken)
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

        if (HttpMethods.IsPost(http.Request.Method))
        {
            request.Content = new ByteArrayContent(await RequestBody.ReadAsync(http.Request, cancellationToken));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", http.Request.ContentType ?? "application/json");
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
