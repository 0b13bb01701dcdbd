using Microsoft.AspNetCore.Http.HttpResults;

namespace Orrery.Catalogue.Api;

/// <summary>Refusals as RFC 9457 problem details; faults of fields are in the member <c>errors</c>.</summary>
internal static class Problems
{
    public static ProblemHttpResult Of(Refusal refusal) => TypedResults.Problem(
        refusal.Detail,
        statusCode: refusal.Status,
        title: refusal.Title,
        extensions: refusal.Errors is { } errors ? [KeyValuePair.Create("errors", (object?)errors)] : null);

    /// <summary>The store has not been read yet, or what the configuration declares is not in it.</summary>
    public static ProblemHttpResult Starting(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Of(new Refusal(StatusCodes.Status503ServiceUnavailable, "Starting", "The Catalogue is not ready yet; /health/ready says what it waits for."));
    }
}
