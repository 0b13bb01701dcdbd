using Microsoft.AspNetCore.Http.Features;

namespace Orrery.Gateway.Api;

/// <summary>The endpoints that call a model: <c>POST /v1/chat/completions</c> and all others of <see cref="Operation.All"/>, and the same below <c>/api/v1/ai</c>.</summary>
internal static class InferenceApi
{
    private const string V1 = "/v1/";

    public static void MapInferenceApi(this IEndpointRouteBuilder routes)
    {
        var pipeline = routes.ServiceProvider.GetRequiredService<RequestPipeline>();
        foreach (var operation in Operation.All)
        {
            RequestDelegate answer = http => Answer(http, pipeline, operation);
            foreach (var path in operation.Twins.Prepend(V1 + operation.Path))
            {
                routes.Map(path, answer);
                if (path.StartsWith(V1, StringComparison.Ordinal))
                {
                    routes.Map("/api/v1/ai/" + path[V1.Length..], answer);
                }
            }
        }
    }

    private static Task Answer(HttpContext http, RequestPipeline pipeline, Operation operation)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            return OpenAiErrors.WriteAsync(http, UnknownRoutes.WrongMethod(http, "POST"));
        }

        // The length is checked by Intake, which can answer in the protocol's words.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        return pipeline.AnswerAsync(http, operation);
    }
}
