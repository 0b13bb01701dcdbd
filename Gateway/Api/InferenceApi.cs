using Microsoft.AspNetCore.Http.Features;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Api;

/// <summary>The endpoints that call a model: <c>POST /v1/chat/completions</c> and all others of <see cref="Operation.All"/>, those of every <see cref="IClientProtocol"/>, and the same below <c>/api/v1/ai</c>.</summary>
internal static class InferenceApi
{
    private const string V1 = "/v1/";

    public static void MapInferenceApi(this IEndpointRouteBuilder routes)
    {
        var pipeline = routes.ServiceProvider.GetRequiredService<RequestPipeline>();
        foreach (var operation in Operation.All.Where(operation => operation != Operation.VideoGeneration)) // VideosApi serves those paths, which take other methods too.
        {
            routes.Map(operation.Twins.Prepend(V1 + operation.Path), http => Answer(http, pipeline, operation, protocol: null));
        }

        foreach (var protocol in routes.ServiceProvider.GetServices<IClientProtocol>())
        {
            routes.Map([V1 + protocol.Path], http =>
            {
                protocol.AddHeaders(http.Response, http.TraceIdentifier);
                return Answer(http, pipeline, protocol.Operation, protocol);
            });
        }
    }

    private static void Map(this IEndpointRouteBuilder routes, IEnumerable<string> paths, RequestDelegate answer)
    {
        foreach (var path in paths)
        {
            routes.Map(path, answer);
            if (path.StartsWith(V1, StringComparison.Ordinal))
            {
                routes.Map("/api/v1/ai/" + path[V1.Length..], answer);
            }
        }
    }

    private static Task Answer(HttpContext http, RequestPipeline pipeline, Operation operation, IClientProtocol? protocol)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            return OpenAiErrors.WriteAsync(http, UnknownRoutes.WrongMethod(http, "POST"), protocol);
        }

        // The length is checked by Intake, which can answer in the protocol's words.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        return pipeline.AnswerAsync(http, operation, protocol);
    }
}
