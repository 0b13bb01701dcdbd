using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;

namespace Orrery.Gateway.Routing;

/// <summary>Chooses the plan for an exchange. Sends nothing and takes no lease.</summary>
internal sealed class RoutePlanner(PlanBuilder builder)
{
    private static readonly TimeSpan NotServedRetryAfter = TimeSpan.FromSeconds(10);

    /// <returns><c>null</c>, or 503 when nobody serves the model now.</returns>
    public Refusal? Plan(Exchange exchange)
    {
        exchange.Plan = PlanBuilder.IsNeeded(exchange) ? builder.Build(exchange)
            : exchange.Wanted[0].Provider is { } provider ? exchange.Model.PlanFor(provider) ?? exchange.Model.Plan
            : exchange.Model.Plan;
        if (exchange.Plan.HasRules)
        {
            exchange.Plan = exchange.Plan.With(ProviderRules.Keep(exchange, exchange.Plan.Candidates));
        }

        if (exchange.Operation.IsPassThrough)
        {
            exchange.Plan = exchange.Plan.With(PassThroughPlan.Keep(exchange, exchange.Plan.Candidates));
            if (exchange.Plan is { Candidates.Count: 0, IsSelected: false } && exchange.Bounds?.NobodyLeft(exchange) is null)
            {
                return PassThroughPlan.NotOffered(exchange);
            }
        }

        RouteExplanation.AttachWhenAsked(exchange);
        return exchange.Plan.IsUsable ? null
            : exchange.Plan is { Candidates.Count: 0, IsSelected: true } ? NoneSelected(exchange)
            : exchange.Plan.Candidates.Count == 0 && ProviderRules.NobodyLeft(exchange) is { } refusal ? refusal
            : exchange.Plan.Candidates.Count == 0 && exchange.Bounds?.NobodyLeft(exchange) is { } bound ? bound
            : exchange.Plan.Candidates.Count == 0 && exchange.Call.Routing?.Providers is { } providers && !IsAwaited(exchange.Model, providers) ? NotOffered(exchange, providers)
            : NotServed(exchange);
    }

    private static Refusal NoneSelected(Exchange exchange)
    {
        var failed = exchange.Facts.Faults.Any(fault => fault.Route == exchange.Route!.Name) ? " Some of its expressions failed on this request; X-Orrery-Explain: 1 says why." : "";
        return new(
            StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "no_model_selected",
            $"The selection of the route '{exchange.Route!.Name}' chooses none of those who may answer this request for '{exchange.Model.Id}'.{failed}", "model", NotServedRetryAfter);
    }

    // Not where it is asked: a closure there would be made for every request.
    private static bool IsAwaited(ServedModel model, IReadOnlyList<string> providers) => providers.Any(name => model.Awaited(name) is not null);

    private static Refusal NotOffered(Exchange exchange, IReadOnlyList<string> providers)
    {
        var serving = exchange.Wanted.SelectMany(wanted => wanted.Model.Plan.Candidates).Select(candidate => candidate.Provider.Name).Distinct().ToList();
        return Refusal.BadField(
            "routing.providers",
            $"'routing.providers' is {string.Join(", ", providers.Select(Shown.Of))}; expected providers of '{exchange.Model.Id}'{(serving.Count > 0 ? $": {string.Join(", ", serving)}" : ", which has none yet")}.");
    }

    /// <summary>Why nobody serves a model: its deployment is on its way, or there is none. What stands in its way is the operator's to read.</summary>
    private static (string Phase, string Why) NotDeployed(SnapshotDeployment? deployment) => deployment switch
    {
        { Phase: DeploymentPhases.Error } => (DeploymentPhases.Error, "its deployment needs the operator, who finds why in its status"),
        { Replicas: 0 } => (deployment.Phase, "its deployment is scaled to 0 replicas"),
        { Phase: DeploymentPhases.Building } => (deployment.Phase, "its image is being built"),
        { Phase: DeploymentPhases.Deploying } => (deployment.Phase, "it is being deployed"),
        { Phase: DeploymentPhases.Active } => (deployment.Phase, "its server is starting"),
        { Phase: DeploymentPhases.Running } => (deployment.Phase, "its replicas are being replaced"),
        _ => ("declared", "no provider serves it yet"),
    };

    private static Refusal NotServed(Exchange exchange)
    {
        var fault = exchange.Plan.Candidates.Select(candidate => candidate.Provider.Fault).FirstOrDefault(text => text is not null);
        var provider = exchange.Wanted.Count > 0 && exchange.Plan.Candidates.Count == 0 ? exchange.Wanted[0].Provider : null;
        var (phase, why) = exchange.Plan.Candidates.Count == 0 ? NotDeployed(exchange.Model.Awaited(provider))
            : fault is not null ? ("error", "its provider cannot be called; the operator finds why in the gateway's log")
            : ("stopped", "its provider has no endpoint in service");
        return new Refusal(
            StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "model_not_ready",
            $"The model '{(provider is null ? "" : $"{provider}/")}{exchange.Model.Id}' is not ready (phase: {phase}): {why}.", "model", NotServedRetryAfter);
    }
}
