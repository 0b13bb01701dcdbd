using System.Globalization;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>One resource of any kind, or a list: read, written, deleted. Without <c>namespaces/…</c> the caller's own is meant.</summary>
internal static class ResourcesApi
{
    public const string Root = "/apis/orrery.dev/v1";

    public static void MapResourcesApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { Root, Root + "/namespaces/{namespace}" })
        {
            var group = routes.MapGroup(scope).RequireAdministrator().WithTags("Resources");
            group.MapRead("/{plural}", List).Takes("labelSelector", "watch", "resourceVersion", "limit", "after", "allNamespaces").WithSummary("Lists a kind, or watches it with ?watch=true");
            group.MapRead("/{plural}/{name}", Get).Takes().WithSummary("One resource");
            group.MapPut("/{plural}/{name}", Put).Takes("manager", "dryRun").Publishes().WithSummary("Creates or replaces one resource");
            group.MapDelete("/{plural}/{name}", Delete).Takes("manager", "resourceVersion", "dryRun").Publishes().WithSummary("Deletes one resource");
            group.MapPut("/{plural}/{name}/status", PutStatus).WithSummary("Reports what was seen; for services only");
        }
    }

    /// <summary>Finds what a URL names, unless it names no kind or a namespace that is not the caller's.</summary>
    public static (ResourceKey? Key, Refusal? Refusal) Target(HttpContext http, string plural, string name, string? @namespace)
    {
        var caller = http.Caller();
        @namespace ??= caller.Namespace;
        if (ResourceKinds.ByPlural(plural) is not { } definition)
        {
            var plurals = ResourceKind.All.Select(kind => kind.Plural).ToList();
            var nearest = Spelling.Nearest(plural, plurals);
            var remedy = nearest is null ? "" : $" Did you mean '{nearest}'?";
            return (null, Refusal.NotFound($"There is no kind '{plural}'; known are {string.Join(", ", plurals)}.{remedy}"));
        }

        return caller.MayReach(@namespace)
            ? (new ResourceKey(definition.Kind, @namespace, name), null)
            : (null, Refusal.Forbidden($"Your access key administers namespace '{caller.Namespace}' and opens no other."));
    }

    private static async Task<IResult> List(
        string plural, string? @namespace, HttpContext http, LiveState live, ChangeFollower follower, WatchApi watch, CancellationToken cancellationToken)
    {
        var (target, refusal) = Target(http, plural, "", @namespace);
        if (target is null)
        {
            return Problems.Of(refusal!);
        }

        var isOfAll = http.Request.Flag("allNamespaces");
        if (isOfAll && @namespace is not null)
        {
            throw Queries.Wrong("allNamespaces", "true", "no namespace in the path beside it");
        }

        if (isOfAll && !http.Caller().IsOfInstallation)
        {
            return Problems.Of(Refusal.Forbidden($"Your access key administers namespace '{http.Caller().Namespace}' and opens no other."));
        }

        var scope = new ResourceScope(target.Kind, isOfAll ? null : target.Namespace);
        var selector = LabelSelector.Parse(http.Request.Text("labelSelector"));
        if (http.Request.Flag("watch"))
        {
            return await watch.StreamAsync(http, scope, selector, cancellationToken);
        }

        var (limit, after) = (http.Request.Limit(), http.Request.Text("after"));
        await follower.RefreshAsync(cancellationToken);
        var state = live.State;
        var found = scope.In(state)
            .Where(resource => selector.Matches(resource.Metadata.Labels))
            .Where(resource => after is null || string.CompareOrdinal(scope.CursorOf(resource), after) > 0)
            .OrderBy(scope.CursorOf, StringComparer.Ordinal)
            .Take(limit + 1)
            .ToList();
        var page = found.Take(limit).ToList();
        var metadata = new ListMetadata(state.Revision.ToString(CultureInfo.InvariantCulture), found.Count > limit ? scope.CursorOf(page[^1]) : null);
        return TypedResults.Ok(new ResourceList(Resource.CurrentApiVersion, scope.Kind.Name + "List", metadata, [.. page.Select(resource => resource.ToShown())]));
    }

    private static async Task<IResult> Get(
        string plural, string name, string? @namespace, HttpContext http, LiveState live, ChangeFollower follower, CancellationToken cancellationToken)
    {
        var (key, refusal) = Target(http, plural, name, @namespace);
        if (key is null)
        {
            return Problems.Of(refusal!);
        }

        await follower.RefreshAsync(cancellationToken);
        return live.State.Find(key) is { } found ? TypedResults.Ok(found.ToShown()) : Problems.Of(Missing(key));
    }

    private static async Task<IResult> Put(
        string plural, string name, string? @namespace, HttpContext http, ResourceStore store, ApplyPlanner planner, CancellationToken cancellationToken)
    {
        var (key, refusal) = Target(http, plural, name, @namespace);
        var (manager, isDryRun) = (http.Request.Manager(), http.Request.Flag("dryRun"));
        if (key is null)
        {
            return Problems.Of(refusal!);
        }

        var (documents, faults) = await RequestBody.ReadDocumentsAsync(http.Request, new DocumentContext(key.Namespace, key), cancellationToken);
        if (faults is not null || documents.Count != 1)
        {
            var tooMany = $"The body holds {documents.Count} documents; a PUT takes one. POST several to {Root}/apply.";
            return Problems.Of(faults ?? new Refusal(StatusCodes.Status400BadRequest, "Documents refused", tooMany));
        }

        ApplyPlan Plan(CatalogueState state) => planner.Plan(state, new ApplyRequest(documents, http.Caller(), manager));
        var plan = isDryRun ? await store.TryAsync(Plan, cancellationToken) : await store.WriteAsync(Plan, cancellationToken);
        if (plan.Refusal is not null)
        {
            return Problems.Of(plan.Refusal);
        }

        var step = plan.Steps[0];
        var answer = WrittenResource.Of((step.After ?? step.Before)!, isDryRun ? null : step.Token);
        return TypedResults.Json(answer, CatalogueJson.Default.WrittenResource, statusCode: step.Action == ApplyActions.Created ? 201 : 200);
    }

    private static async Task<IResult> Delete(
        string plural, string name, string? @namespace, HttpContext http, ResourceStore store, ApplyPlanner planner, LiveState live, CancellationToken cancellationToken)
    {
        var (key, refusal) = Target(http, plural, name, @namespace);
        var (manager, version, isDryRun) = (http.Request.Manager(), http.Request.Text("resourceVersion"), http.Request.Flag("dryRun"));
        if (key is null)
        {
            return Problems.Of(refusal!);
        }

        if (!http.Caller().MayWrite(key.Kind))
        {
            return Problems.Of(Refusal.NotPublished(key.Kind));
        }

        ApplyPlan Plan(CatalogueState state) => planner.PlanDeletion(state, key, manager, version);
        var plan = isDryRun ? await store.TryAsync(Plan, cancellationToken) : await store.WriteAsync(Plan, cancellationToken);
        return plan.Refusal is null
            ? TypedResults.Ok(ApplyAnswer.Of(plan, live.State, isDryRun))
            : Problems.Of(plan.Refusal);
    }

    private static async Task<IResult> PutStatus(
        string plural, string name, string? @namespace, HttpContext http, ResourceStore store, CancellationToken cancellationToken)
    {
        var (key, refusal) = Target(http, plural, name, @namespace);
        if (key is null || !http.Caller().IsService)
        {
            return Problems.Of(refusal ?? Refusal.Forbidden("The status says what the platform saw: only services of this installation write it."));
        }

        var (report, fault) = StatusReport.Read(await RequestBody.ReadAsync(http.Request, cancellationToken));
        if (report is null)
        {
            return Problems.Of(fault!);
        }

        var plan = await store.WriteAsync(state => report.Plan(state, key, http.Caller()), cancellationToken);
        return plan.Refusal is null ? TypedResults.Ok(plan.Steps[0].After!.ToShown()) : Problems.Of(plan.Refusal);
    }

    internal static Refusal Missing(ResourceKey key) => Refusal.NotFound($"{key} does not exist in namespace '{key.Namespace}'.");
}
