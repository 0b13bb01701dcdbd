using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Api;

/// <summary>What is not served, said in the protocol's words instead of an empty answer.</summary>
internal static class UnknownRoutes
{
    public static void MapUnknownRoutes(this IEndpointRouteBuilder routes)
    {
        var protocols = routes.ServiceProvider.GetServices<IClientProtocol>().ToList();
        var paths = Operation.All.Select(operation => operation.Path).Concat(protocols.Select(protocol => protocol.Path));
        var served = $"This gateway serves {string.Join(", ", paths.Select(path => "/v1/" + path))} and /v1/models.";
        var passThrough = new PassThroughApi(routes.ServiceProvider);
        routes.MapFallback("/{**path}", (RequestDelegate)(http => passThrough.TryAnswer(http) ?? AnswerAsync(http, protocols.Find(protocol => IsBelow(http.Request.Path, protocol)), served)));
    }

    public static Refusal WrongMethod(HttpContext http, string allowed) => IsWebSocket(http)
        ? NoWebSocket()
        : new Refusal(
            StatusCodes.Status405MethodNotAllowed, RefusalTypes.InvalidRequest, "method_not_allowed",
            $"{http.Request.Path} takes {allowed}, not {Shown.Of(http.Request.Method)}.")
        { Allow = allowed };

    /// <summary>Whoever speaks a protocol reads its errors, whatever it asked for.</summary>
    private static Task AnswerAsync(HttpContext http, IClientProtocol? protocol, string served)
    {
        protocol?.AddHeaders(http.Response, http.TraceIdentifier);
        return OpenAiErrors.WriteAsync(http, NotServed(http, served), protocol);
    }

    private static bool IsBelow(PathString path, IClientProtocol protocol) => path.StartsWithSegments($"/v1/{protocol.Path}") || path.StartsWithSegments($"/api/v1/ai/{protocol.Path}");

    /// <summary>What is not there, told with what is.</summary>
    public static Refusal NotServed(HttpContext http, string served) => IsWebSocket(http)
        ? NoWebSocket()
        : new Refusal(
            StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "unknown_url",
            $"There is no {Shown.Of(http.Request.Method)} {Shown.Of(http.Request.Path)} here. "
            + served);

    private static bool IsWebSocket(HttpContext http) =>
        string.Equals(http.Request.Headers.Upgrade.ToString(), "websocket", StringComparison.OrdinalIgnoreCase);

    private static Refusal NoWebSocket() => new(
        StatusCodes.Status501NotImplemented, RefusalTypes.InvalidRequest, "websocket_not_supported",
        "WebSockets are not served here. Use the HTTP endpoints; stream=true streams over server-sent events.");
}
