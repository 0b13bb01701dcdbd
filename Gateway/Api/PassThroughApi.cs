using Microsoft.AspNetCore.Http.Features;

namespace Orrery.Gateway.Api;

/// <summary>Paths of the engines' own, where an operator has opened them: they are known by the snapshot and not by a route.</summary>
internal sealed class PassThroughApi(IServiceProvider services)
{
    private readonly RequestPipeline _pipeline = services.GetRequiredService<RequestPipeline>();
    private readonly CurrentSnapshot _snapshots = services.GetRequiredService<CurrentSnapshot>();

    /// <returns><c>null</c> where nobody lets the path through.</returns>
    public Task? TryAnswer(HttpContext http)
    {
        if (_snapshots.Value is not { } snapshot || !snapshot.PassThrough.TryGetValue(http.Request.Path.Value ?? "", out var operation))
        {
            return null;
        }

        if (!HttpMethods.IsPost(http.Request.Method))
        {
            return OpenAiErrors.WriteAsync(http, UnknownRoutes.WrongMethod(http, "POST"));
        }

        // The length is checked by Intake, which can answer in the protocol's words.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        return _pipeline.AnswerAsync(http, operation);
    }
}
