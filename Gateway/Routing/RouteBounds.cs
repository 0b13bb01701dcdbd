namespace Orrery.Gateway.Routing;

/// <summary>What routes that match allow of a request, whichever route decides over it: <c>allowedProviders</c> and <c>allowedModels</c>. One a request; absent where no route bounds it.</summary>
internal sealed class RouteBounds(List<DeclaredRoute> routes)
{
    private const string Providers = "allowedProviders";
    private const string Models = "allowedModels";

    private (DeclaredRoute Route, string Field)? _first;

    public bool Allows(Candidate candidate) => WhyNot(candidate) is null;

    /// <summary>The candidates that all of them allow; the others are noted with the reason.</summary>
    public List<Candidate> Keep(Exchange exchange, IReadOnlyList<Candidate> candidates)
    {
        var kept = new List<Candidate>(candidates.Count);
        foreach (var candidate in candidates)
        {
            if (WhyNot(candidate) is var (route, field))
            {
                _first ??= (route, field);
                exchange.LeaveOut(candidate, $"{field} of the route '{route.Name}' does not list it");
            }
            else
            {
                kept.Add(candidate);
            }
        }

        return kept;
    }

    /// <summary>The answer where nobody is left; <c>null</c> where it was not these.</summary>
    public Refusal? NobodyLeft(Exchange exchange)
    {
        if (_first is not var (route, field))
        {
            return null;
        }

        var (code, listed, pasted) = field == Providers
            ? ("provider_not_allowed", route.Spec.AllowedProviders!, "only_allow_configured_providers")
            : ("model_not_allowed", route.Spec.AllowedModels!, "only_allow_configured_models");
        return new(
            StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, code,
            $"The route '{route.Name}' lets nobody answer this request for '{exchange.Model.Id}': its {field} are {List(listed)}. An operator extends them; in a pasted configuration the field is {pasted}.",
            exchange.Call.Routing?.Providers is not null && field == Providers ? "routing.providers" : "model");
    }

    private (DeclaredRoute Route, string Field)? WhyNot(Candidate candidate)
    {
        foreach (var route in routes)
        {
            if (!route.AllowsProvider(candidate))
            {
                return (route, Providers);
            }

            if (!route.AllowsModel(candidate))
            {
                return (route, Models);
            }
        }

        return null;
    }

    private static string List(IReadOnlyList<string> names)
    {
        const int Shown = 8;
        return string.Join(", ", names.Take(Shown)) + (names.Count > Shown ? $" and {names.Count - Shown} more" : "");
    }
}
