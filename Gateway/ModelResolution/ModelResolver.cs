using Orrery.Gateway.Authentication;

namespace Orrery.Gateway.ModelResolution;

/// <summary>Finds what the client means by <c>model</c>: a public id, an alias, or <c>provider/model</c>.</summary>
internal sealed class ModelResolver
{
    public Refusal? Resolve(Exchange exchange)
    {
        var name = exchange.Call.ModelName;
        if (Find(exchange.Caller.Models, name) is not var (model, provider))
        {
            return NotFound(exchange.Caller, name);
        }

        exchange.Model = model;
        exchange.OnlyProvider = provider;
        return OperationCheck.Check(model, exchange.Operation);
    }

    /// <summary>The whole name first, because ids hold slashes themselves; then the part before the first slash as a provider.</summary>
    public static (ServedModel Model, string? Provider)? Find(NamespaceModels models, string name)
    {
        if (models.ByName.TryGetValue(name, out var model))
        {
            return (model, null);
        }

        var slash = name.IndexOf('/');
        return slash > 0
            && models.ByName.TryGetValue(name[(slash + 1)..], out model)
            && model.PlanFor(name[..slash]) is not null
            ? (model, name[..slash])
            : null;
    }

    public static Refusal NotFound(Caller caller, string name)
    {
        var similar = SimilarNames.To(name, caller.Models.Listed.Where(model => caller.MayCall(model.Id)).Select(model => model.Id));
        var hint = similar.Count > 0
            ? $" Did you mean {string.Join(" or ", similar.Select(id => $"'{id}'"))}?"
            : " GET /v1/models lists what this key may call.";
        return new Refusal(
            StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "model_not_found", $"The model '{Shown.Of(name)}' does not exist here.{hint}", "model");
    }
}
