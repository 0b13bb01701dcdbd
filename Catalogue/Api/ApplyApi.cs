using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Documents.Shapes;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Resources;

namespace Orrery.Catalogue.Api;

/// <summary>One or many documents, all or nothing; with <c>?dryRun=true</c> what would happen.</summary>
internal static class ApplyApi
{
    public static void MapApplyApi(this IEndpointRouteBuilder routes) =>
        routes.MapPost(ResourcesApi.Root + "/apply", Apply).RequireAdministrator().Takes("dryRun", "manager", "prune").Publishes().WithTags("Apply").WithSummary("Applies YAML or JSON documents, all or nothing");

    private static async Task<IResult> Apply(
        HttpContext http, ResourceStore store, ApplyPlanner planner, LiveState live, EnvironmentValues environment, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var (isDryRun, manager, prune) = (http.Request.Flag("dryRun"), http.Request.Manager(), http.Request.Flag("prune"));
        if (prune && manager == Managers.Operator)
        {
            throw new BadHttpRequestException("prune is 'true' without a manager; expected manager=NAME: only a manager's resources are a set that can be given whole.");
        }

        var context = new DocumentContext(caller.Namespace) { Environment = caller.IsOfInstallation ? environment : EnvironmentValues.None };
        var (documents, faults) = await RequestBody.ReadDocumentsAsync(http.Request, context, cancellationToken);
        if (faults is not null)
        {
            return Problems.Of(faults);
        }

        if (documents.FirstOrDefault(document => !caller.MayReach(document.Metadata.Namespace)) is { } foreign)
        {
            return Problems.Of(Refusal.Forbidden(
                $"Document {foreign.Index} is for namespace '{foreign.Metadata.Namespace}'; your access key administers '{caller.Namespace}' and opens no other. "
                + "Nothing was applied."));
        }

        ApplyPlan Plan(CatalogueState state) => planner.Plan(state, new ApplyRequest(documents, caller, manager, prune));
        var plan = isDryRun ? await store.TryAsync(Plan, cancellationToken) : await store.WriteAsync(Plan, cancellationToken);
        return plan.Refusal is null
            ? TypedResults.Ok(ApplyAnswer.Of(plan, live.State, isDryRun, documents))
            : Problems.Of(plan.Refusal);
    }
}
