using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Policy;

/// <summary>May this caller use this model?</summary>
internal sealed class AccessPolicy
{
    /// <summary>Of several models those stay that the caller may use; what nobody may is refused. Who may use a name that a route leads on may go where it leads.</summary>
    public Refusal? Check(Exchange exchange) =>
        CheckModels(exchange) ?? (exchange.Operation.IsPassThrough && !exchange.Caller.Key.PassThrough ? NotThrough(exchange) : null);

    private static Refusal? CheckModels(Exchange exchange)
    {
        if (exchange.Caller.AllowedModels is null || (exchange.Route is { Leads: true } && MayName(exchange.Caller, exchange.Call.ModelName)))
        {
            return null;
        }

        if (exchange.Route is { Leads: true } route && route.Models?.Contains(exchange.Call.ModelName) is true && ModelResolver.Find(exchange.Caller.Models, exchange.Call.ModelName) is null)
        {
            return NotNamed(exchange, route);
        }

        if (exchange.Wanted.Count == 1)
        {
            return exchange.Caller.MayCall(exchange.Model.Id) ? null : NotAllowed(exchange);
        }

        var allowed = new List<WantedModel>();
        foreach (var wanted in exchange.Wanted)
        {
            if (exchange.Caller.MayCall(wanted.Model.Id))
            {
                allowed.Add(wanted);
            }
            else
            {
                exchange.LeaveOut(wanted.Model.Id, "this access key may not call it");
            }
        }

        if (allowed.Count == 0)
        {
            return NotAllowed(exchange);
        }

        exchange.Wanted = allowed;
        exchange.Model = allowed[0].Model;
        return null;
    }

    /// <summary>A name that only a route knows, or whatever name a model has: its id, an alias, one at a provider.</summary>
    private static bool MayName(Caller caller, string name) =>
        caller.MayCall(name) || (ModelResolver.Find(caller.Models, name) is var (model, _) && caller.MayCall(model.Id));

    private static Refusal NotAllowed(Exchange exchange) => new(
        StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "model_not_allowed",
        $"The access key '{exchange.Caller.Key.Name}' may not call the model '{exchange.Model.Id}'. GET /v1/models lists what it may; an operator extends its allowedModels.",
        "model");

    /// <summary>A name that is no model is in no list for those who may not use it, even where they may call what it leads to.</summary>
    private static Refusal NotNamed(Exchange exchange, DeclaredRoute route) => new(
        StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "model_not_allowed",
        $"The access key '{exchange.Caller.Key.Name}' may not call '{Shown.Of(exchange.Call.ModelName)}', a name of the route '{route.Name}'. GET /v1/models lists what it may; "
        + "an operator extends its allowedModels by the name.",
        "model");

    private static Refusal NotThrough(Exchange exchange) =>
        new(
            StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "pass_through_not_allowed",
            $"The access key '{exchange.Caller.Key.Name}' may not call {exchange.Operation.Path}, which goes to the engine as it is. An operator sets its passThrough.");
}
