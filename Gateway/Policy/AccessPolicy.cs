namespace Orrery.Gateway.Policy;

/// <summary>May this caller use this model?</summary>
internal sealed class AccessPolicy
{
    public Refusal? Check(Exchange exchange) =>
        !exchange.Caller.MayCall(exchange.Model.Id) ? NotAllowed(exchange)
        : exchange.Operation.IsPassThrough && !exchange.Caller.Key.PassThrough ? NotThrough(exchange)
        : null;

    private static Refusal NotAllowed(Exchange exchange) =>
        new(
            StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "model_not_allowed",
            $"The access key '{exchange.Caller.Key.Name}' may not call the model '{exchange.Model.Id}'. GET /v1/models lists what it may; an operator extends its allowedModels.",
            "model");

    private static Refusal NotThrough(Exchange exchange) =>
        new(
            StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "pass_through_not_allowed",
            $"The access key '{exchange.Caller.Key.Name}' may not call {exchange.Operation.Path}, which goes to the engine as it is. An operator sets its passThrough.");
}
