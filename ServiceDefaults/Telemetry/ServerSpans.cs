using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Orrery.ServiceDefaults;

/// <summary>
/// Server spans. ASP.NET Core makes an activity for each request as soon as anybody traces at all, recorded or not, and that is a tenth of what a request
/// costs the gateway; here a request that is not recorded leaves no object behind. Names and tags are those of the HTTP semantic conventions, as ASP.NET Core has them.
/// </summary>
internal sealed class ServerSpans(Sampling sampling)
{
    private static readonly ActivitySource Source = new("Orrery.Server");

    /// <summary>Whether the request is recorded. Decided once for a new trace.</summary>
    /// <param name="request">The request.</param>
    /// <param name="parent">The caller's span, if it sent one.</param>
    public bool AreWanted(HttpRequest request, out ActivityContext parent)
    {
        parent = default;
        if (!Source.HasListeners())
        {
            return false;
        }

        var sent = request.Headers.TraceParent;
        if (sent.Count == 1)
        {
            ActivityContext.TryParse(sent[0], request.Headers.TraceState, isRemote: true, out parent);
        }

        return sampling.Records(parent);
    }

    /// <summary>Begins the span of a request that is wanted. Call it within an async method, whose end takes back that the span is the current one.</summary>
    public static Activity? Start(HttpRequest request, ActivityContext parent)
    {
        Activity.Current = null; // Where ASP.NET Core has made one for its log scope, it is no parent: nobody exports it.
        var span = Source.StartActivity(request.Method, ActivityKind.Server, parent);
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }

        var method = HttpTags.Method(request.Method);
        span.Tell("http.request.method", method);
        if (method != request.Method)
        {
            span.Tell("http.request.method_original", request.Method);
        }

        span.Tell("url.scheme", request.Scheme);
        span.Tell("url.path", (request.PathBase + request.Path).Value);
        span.Tell("network.protocol.version", HttpTags.Version(request.Protocol));
        if (request.Host.HasValue)
        {
            span.Tell("server.address", request.Host.Host);
            span.Tell("server.port", request.Host.Port ?? (request.IsHttps ? 443 : 80));
        }

        if (request.Headers.UserAgent is [{ Length: > 0 } agent, ..])
        {
            span.Tell("user_agent.original", agent);
        }

        return span;
    }
}
