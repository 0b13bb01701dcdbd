namespace Orrery.Gateway.Policy;

/// <summary>May this caller use this model?</summary>
internal sealed class AccessPolicy
{
    public Refusal? Check(Exchange exchange) => exchange.Caller.MayCall(exchange.Model.Id)
        ? null
        : new Refusal(
            StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "model_not_allowed",
            $"The access key '{exchange.Caller.Key.Name}' may not call the model '{exchange.Model.Id}'. GET /v1/models lists what it may; an operator extends its allowedModels.",
            "model");
}
