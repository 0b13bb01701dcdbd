using Microsoft.AspNetCore.Http.Features;

namespace Orrery.Gateway.Api;

/// <summary>The endpoints that call a model: <c>POST /v1/chat/completions</c>, <c>/v1/completions</c>, <c>/v1/embeddings</c>, and the same below <c>/api/v1/ai</c>.</summary>
internal static class InferenceApi
{
    public static void MapInferenceApi(this IEndpointRouteBuilder routes)
    {
        var pipeline = routes.ServiceProvider.GetRequiredService<RequestPipeline>();
        foreach (var operation in Operation.All)
        {
            RequestDelegate answer = http => Answer(http, pipeline, operation);
            routes.Map("/v1/" + operation.Path, answer);
            routes.Map("/api/v1/ai/" + operation.Path, answer);
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
