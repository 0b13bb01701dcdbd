namespace Orrery.Gateway.Routing;

/// <summary>Chooses the plan for an exchange. Sends nothing and takes no lease.</summary>
internal sealed class RoutePlanner
{
    private static readonly TimeSpan NotServedRetryAfter = TimeSpan.FromSeconds(10);

    /// <returns><c>null</c>, or 503 when nobody serves the model now.</returns>
    public Refusal? Plan(Exchange exchange)
    {
        var model = exchange.Model;
        exchange.Plan = exchange.OnlyProvider is { } provider ? model.PlanFor(provider) ?? model.Plan : model.Plan;
        if (exchange.Operation.IsPassThrough)
        {
            exchange.Plan = PassThroughPlan.Of(exchange.Plan, exchange.Operation);
            if (exchange.Plan.Candidates.Count == 0)
            {
                return PassThroughPlan.NotOffered(exchange);
            }
        }

        RouteExplanation.AttachWhenAsked(exchange);
        return exchange.Plan.IsUsable ? null : NotServed(exchange);
    }

    private static Refusal NotServed(Exchange exchange)
    {
        var fault = exchange.Plan.Candidates.Select(candidate => candidate.Provider.Fault).FirstOrDefault(text => text is not null);
        var (phase, why) = exchange.Plan.Candidates.Count == 0 ? ("declared", "no provider serves it yet")
            : fault is not null ? ("error", "its provider cannot be called; the operator finds why in the gateway's log")
            : ("stopped", "its provider has no endpoint in service");
        return new Refusal(
            StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "model_not_ready",
            $"The model '{exchange.Model.Id}' is not ready (phase: {phase}): {why}.", "model", NotServedRetryAfter);
    }
}
