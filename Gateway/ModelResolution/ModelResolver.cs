using Orrery.Gateway.Authentication;

using Orrery.Gateway.Routing;

namespace Orrery.Gateway.ModelResolution;

/// <summary>Finds what the client means: a public id, an alias, <c>provider/model</c>, several of them, <c>auto</c>, or what a route makes of it.</summary>
internal sealed class ModelResolver
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>In place of a model: whichever serves best.</summary>
    private const string Auto = "auto";

    public Refusal? Resolve(Exchange exchange)
    {
        var refusal = Look(exchange);
        if (refusal is not null)
        {
            RouteExplanation.AttachFaultsWhenAsked(exchange);
        }

        return refusal;
    }

    private static Refusal? Look(Exchange exchange)
    {
        var (call, models) = (exchange.Call, exchange.Caller.Models);
        exchange.Bounds = models.Routes.BoundsOf(exchange);
        exchange.Route = models.Routes.Find(exchange);
        if (exchange.Route is { Leads: true } route)
        {
            return Follow(exchange, route);
        }

        if (call.Models is null && Find(models, call.ModelName) is var (model, provider))
        {
            exchange.Model = model;
            exchange.Wanted = provider is null ? model.AsWanted : [new(model, provider)];
            return OperationCheck.Check(model, exchange);
        }

        return call.Models is null && call.ModelName != Auto ? NotFound(exchange.Caller, call.ModelName) : ResolveSeveral(exchange);
    }

    /// <summary>The whole name first, because ids hold slashes and colons themselves; then the part before the first slash, or colon, as a provider.</summary>
    public static (ServedModel Model, string? Provider)? Find(NamespaceModels models, string name) =>
        models.ByName.TryGetValue(name, out var model) ? (model, null) : FindAtProvider(models, name, '/') ?? FindAtProvider(models, name, ':');

    private static (ServedModel Model, string? Provider)? FindAtProvider(NamespaceModels models, string name, char separator)
    {
        var place = name.IndexOf(separator, StringComparison.Ordinal);
        return place > 0
            && models.ByName.TryGetValue(name[(place + 1)..], out var model)
            && model.PlanFor(name[..place]) is { } plan
            ? (model, plan.Provider ?? name[..place])
            : null;
    }

    private static Refusal? Follow(Exchange exchange, DeclaredRoute route)
    {
        if (route.Targets.Count == 0)
        {
            return new Refusal(
                StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "route_without_target",
                $"The route '{route.Name}' decides over this request, but {route.Fault}. An operator changes the route or declares the model.", "model", RetryAfter);
        }

        var wanted = new List<WantedModel>();
        foreach (var target in route.Targets.Select(target => target.Target).Concat(route.Fallback ?? []))
        {
            Add(exchange, wanted, target.Model.Id, target);
        }

        return Take(exchange, wanted, route.Targets[0].Target.Model) is { } refusal
            ? refusal with { Message = $"The route '{route.Name}' decides over this request and leads nowhere else. {refusal.Message}" }
            : null;
    }

    /// <summary><c>model</c> and <c>models</c>, in this order; or all that may answer.</summary>
    private static Refusal? ResolveSeveral(Exchange exchange)
    {
        var (call, caller) = (exchange.Call, exchange.Caller);
        if (call.Models is null)
        {
            exchange.IsAuto = true;
            return Any(exchange) is { Count: > 0 } any ? Take(exchange, any, first: null) : NotFound(caller, call.ModelName);
        }

        var wanted = new List<WantedModel>();
        ServedModel? first = null;
        foreach (var name in call.Models.Prepend(call.ModelName).Distinct(StringComparer.Ordinal))
        {
            if (Find(caller.Models, name) is var (model, provider))
            {
                first ??= model;
                Add(exchange, wanted, name, new(model, provider));
            }
            else if (name == Auto)
            {
                exchange.IsAuto = true;
                wanted.AddRange(Any(exchange));
            }
            else
            {
                var isRoutes = caller.Models.RouteNames.Any(entry => entry.Name == name);
                exchange.LeaveOut(name, isRoutes ? "a route alone knows it, and routes look at 'model' or the list's first name" : "does not exist here");
            }
        }

        return wanted.Count == 0 && first is null ? NotFound(caller, call.ModelName) : Take(exchange, wanted, first);
    }

    /// <summary>All that the caller may call, by id. Nothing is made anew for those who may call every model: there may be thousands.</summary>
    private static IReadOnlyList<WantedModel> Any(Exchange exchange)
    {
        var caller = exchange.Caller;
        return caller.AllowedModels is null
            ? caller.Models.Any.For(exchange.Operation).Wanted
            : [.. caller.AllowedModels.Select(id => caller.Models.ByName.GetValueOrDefault(id))
                .OfType<ServedModel>()
                .Where(model => OperationCheck.Takes(model, exchange.Operation))
                .OrderBy(model => model.Id, StringComparer.Ordinal)
                .Select(model => new WantedModel(model, null))];
    }

    private static Refusal? Take(Exchange exchange, IReadOnlyList<WantedModel> wanted, ServedModel? first)
    {
        exchange.Wanted = wanted;
        exchange.Model = wanted.Count > 0 ? wanted[0].Model : first!;
        return wanted.Count > 0 ? null : OperationCheck.Check(exchange.Model, exchange);
    }

    private static void Add(Exchange exchange, List<WantedModel> wanted, string name, WantedModel one)
    {
        if (OperationCheck.Takes(one.Model, exchange.Operation))
        {
            wanted.Add(one);
        }
        else
        {
            exchange.LeaveOut(name, $"is of type {one.Model.Spec.ModelType}");
        }
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
