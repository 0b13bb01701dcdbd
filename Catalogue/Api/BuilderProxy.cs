using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>Passes questions on to the Builder, under the same path: callers are known here.</summary>
internal static class BuilderProxy
{
    public const string Builder = "builder";

    private const string CallerHeader = "X-Orrery-Caller";

    /// <param name="body">What the Builder is sent in place of what came; <c>null</c>: nothing.</param>
    public static async Task<IResult> PassOn(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, byte[]? body, CancellationToken cancellationToken, bool keepsQuery = true)
    {
        var caller = http.Caller();
        var @namespace = http.Request.RouteValues["namespace"] as string ?? caller.Namespace;
        if (!caller.MayReach(@namespace))
        {
            return Closed(caller);
        }

        if (!ServiceClients.IsKnown(configuration, Builder))
        {
            return Problems.Of(new Refusal(StatusCodes.Status503ServiceUnavailable, "No Builder", "This installation runs no Builder, so that nothing is deployed here: declare a ModelProvider for servers that run elsewhere."));
        }

        using var request = Request(http, @namespace, caller, body, keepsQuery);
        using var client = clients.CreateClient(Builder);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await SendAsync(http, answer, cancellationToken);
            return TypedResults.Empty;
        }
        catch (Exception error) when (!http.Response.HasStarted && !cancellationToken.IsCancellationRequested && error is HttpRequestException or Polly.ExecutionRejectedException)
        {
            return Problems.Of(new Refusal(StatusCodes.Status503ServiceUnavailable, "Builder away", "The Builder does not answer just now; what runs goes on. Try again in a moment."));
        }
    }

    /// <summary>The caller administers another namespace.</summary>
    public static IResult Closed(Caller caller) => Problems.Of(Refusal.Forbidden($"Your access key administers namespace '{caller.Namespace}' and opens no other."));

    private static HttpRequestMessage Request(HttpContext http, string @namespace, Caller caller, byte[]? body, bool keepsQuery)
    {
        var path = http.Request.Path.Value!.TrimEnd('/');
        var rest = http.Request.RouteValues.ContainsKey("namespace") ? path["/namespaces/".Length..][(path["/namespaces/".Length..].IndexOf('/', StringComparison.Ordinal) + 1)..] : path[1..];
        var request = new HttpRequestMessage(
            HttpMethods.IsHead(http.Request.Method) ? HttpMethod.Get : new HttpMethod(http.Request.Method),
            $"/internal/namespaces/{Uri.EscapeDataString(@namespace)}/{string.Join('/', rest.Split('/').Select(Uri.EscapeDataString))}{(keepsQuery ? http.Request.QueryString : default)}");
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
    private static async Task SendAsync(HttpContext http, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var response = http.Response;
        response.StatusCode = (int)answer.StatusCode;
        response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await response.StartAsync(cancellationToken);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return; // What is followed has no end.
        }

        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }
    }
}
