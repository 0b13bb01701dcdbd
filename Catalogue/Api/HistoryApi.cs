using System.Globalization;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Resources;

namespace Orrery.Catalogue.Api;

/// <summary>A resource's revisions, and the way back to one of them.</summary>
internal static class HistoryApi
{
    public static void MapHistoryApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { ResourcesApi.Root, ResourcesApi.Root + "/namespaces/{namespace}" })
        {
            var group = routes.MapGroup(scope).RequireAdministrator().WithTags("History");
            group.MapRead("/{plural}/{name}/revisions", List).Takes("limit", "after").WithSummary("Who changed it, when and how; newest first");
            group.MapPost("/{plural}/{name}/rollback", Rollback).Takes("revision", "manager").Publishes().WithSummary("Declares the spec of an earlier revision again");
        }
    }

    private static async Task<IResult> List(string plural, string name, string? @namespace, HttpContext http, Revisions revisions, CancellationToken cancellationToken)
    {
        var (key, refusal) = ResourcesApi.Target(http, plural, name, @namespace);
        var (limit, before) = (http.Request.Limit(), http.Request.Number("after", long.MaxValue, 1, long.MaxValue));
        if (key is null)
        {
            return Problems.Of(refusal!);
        }

        var found = await revisions.ListAsync(key, before, limit + 1, cancellationToken);
        var page = found.Take(limit)
            .Select(entry => new RevisionEntry(entry.Revision, entry.Action, entry.Generation, entry.ChangedBy, entry.ChangedAt, entry.Resource.ToShown()))
            .ToList();
        return found.Count == 0
            ? Problems.Of(ResourcesApi.Missing(key))
            : TypedResults.Ok(new RevisionList(page, found.Count > limit ? page[^1].Revision.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<IResult> Rollback(
        string plural, string name, string? @namespace, HttpContext http, Revisions revisions, ResourceStore store, ApplyPlanner planner,
        CancellationToken cancellationToken)
    {
        var (key, refusal) = ResourcesApi.Target(http, plural, name, @namespace);
        var (revision, manager) = (http.Request.Number("revision", 0, 1, long.MaxValue), http.Request.Manager());
        if (key is null)
        {
            return Problems.Of(refusal!);
        }

        if (revision == 0)
        {
            throw new BadHttpRequestException("revision is missing; expected ?revision=N with a revision that GET …/revisions lists.");
        }

        if (await revisions.FindAsync(key, revision, cancellationToken) is not { } earlier)
        {
            return Problems.Of(Refusal.NotFound($"{key} has no revision {revision}; GET …/revisions lists those that there are."));
        }

        // Labels and annotations return with the spec; what the resource is (uid, owners) stays.
        var metadata = earlier.Resource.Metadata with { ResourceVersion = null, Finalizers = null, OwnerReferences = null };
        var document = new DeclaredResource(0, ResourceKinds.Of(key.Kind), metadata, earlier.Resource.Spec);
        var plan = await store.WriteAsync(state => planner.Plan(state, new ApplyRequest([document], http.Caller(), manager)), cancellationToken);
        return plan.Refusal is null
            ? TypedResults.Ok(WrittenResource.Of((plan.Steps[0].After ?? plan.Steps[0].Before)!, token: null))
            : Problems.Of(plan.Refusal);
    }
}
