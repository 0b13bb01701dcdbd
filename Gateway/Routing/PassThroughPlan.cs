namespace Orrery.Gateway.Routing;

/// <summary>A plan without the providers that do not let a path through.</summary>
internal static class PassThroughPlan
{
    public static RoutePlan Of(RoutePlan plan, Operation operation) =>
        new([.. plan.Candidates.Where(candidate => candidate.Provider.Spec.PassThrough.Contains(operation.Path))]);

    public static Refusal NotOffered(Exchange exchange) => new(
        StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "unknown_url",
        $"No provider of the model '{exchange.Model.Id}' lets {exchange.Operation.Path} through. An operator lists it in the passThrough of a ModelProvider.");
}
