using System.Text.Json;
using Orrery.Catalogue.Accounting;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>Usage in, exactly once, and rows out.</summary>
internal static class UsageApi
{
    public static void MapUsageApi(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/internal/usage", Record).RequireInternalCaller().WithTags("Internal").WithSummary("Records a batch of usage events, each once");
        routes.MapRead(ResourcesApi.Root + "/usage", List).RequireAdministrator().Takes("namespace", "limit", "after", "requestId", "traceId", "key", "model").WithTags("Usage").WithSummary("The namespace's usage, newest first");
    }

    private static async Task<IResult> Record(HttpContext http, UsageLedger ledger, CancellationToken cancellationToken)
    {
        UsageBatch? batch;
        try
        {
            batch = await JsonSerializer.DeserializeAsync(http.Request.Body, ContractsJson.Default.UsageBatch, cancellationToken);
        }
        catch (JsonException error)
        {
            throw new BadHttpRequestException($"The body is no usage batch: {error.Message}", error);
        }

        return UsageRules.Check(batch) is { } refusal ? Problems.Of(refusal) : TypedResults.Ok(await ledger.RecordAsync(batch!, cancellationToken));
    }

    private static async Task<IResult> List(HttpContext http, UsageLedger ledger, CancellationToken cancellationToken)
    {
        var request = http.Request;
        var filter = new UsageFilter(
            http.Namespace(), request.Limit() + 1, After(request.Text("after")), request.Text("requestId"), request.Text("traceId"), request.Text("key"), request.Text("model"));
        var found = await ledger.ListAsync(filter, cancellationToken);
        var page = found.Take(filter.Limit - 1).ToList();
        return TypedResults.Ok(new UsageList(page, found.Count == filter.Limit ? page[^1].Id.ToString() : null));
    }

    private static Guid? After(string? text) =>
        text is null ? null : Guid.TryParse(text, out var id) ? id : throw Queries.Wrong("after", text, "the 'after' of the page before");
}
