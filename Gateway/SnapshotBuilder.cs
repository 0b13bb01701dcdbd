using System.Collections.Frozen;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway;

/// <summary>Turns the Catalogue's document into what requests look things up in. Credentials are opened here, once a snapshot.</summary>
internal sealed partial class SnapshotBuilder(EndpointPool endpoints, LatencyBook latencies, HealthSchedule checks, AccessBuilder access, KeyBook keys, IOptions<GatewayOptions> options, ILogger<SnapshotBuilder> logger)
{
    public Snapshot Build(SnapshotDocument document)
    {
        var namespaces = document.Models.GroupBy(model => model.Namespace).ToDictionary(group => group.Key, group => group.ToList());
        var providers = document.Providers.GroupBy(provider => provider.Namespace)
            .ToDictionary(group => group.Key, group => group.ToDictionary(provider => provider.Name, BuildProvider));
        endpoints.Keep(providers.Values.SelectMany(own => own.Values).SelectMany(provider => provider.Endpoints).Select(weighted => weighted.Endpoint));
        keys.Keep(providers.Values.SelectMany(own => own.Values).SelectMany(provider => provider.Access.Keys?.Keys ?? []).Select(key => key.Health));
        checks.Follow(providers.Values.SelectMany(own => own.Values));
        var routes = document.Routes.ToLookup(route => route.Namespace);
        latencies.Keep(document.Models.SelectMany(model => model.Offers.Select(offer => (model.Namespace, model.Id, offer.Provider))).ToHashSet());
        var models = namespaces.ToDictionary(pair => pair.Key, pair => BuildNamespace(pair.Value, providers.GetValueOrDefault(pair.Key) ?? [], routes[pair.Key]));
        var teams = document.Teams.ToDictionary(team => (team.Namespace, team.Name), team => (Team: team, Limits: Limit.Of(LimitScope.Team, team.Namespace, team.Name, team.Limits)));
        return new Snapshot
        {
            Document = document,
            Callers = document.Keys
                .Select(key => (Hash: KeyHash.Parse(key.Sha256), Caller: BuildCaller(key, models.GetValueOrDefault(key.Namespace) ?? NamespaceModels.None, teams)))
                .DistinctBy(entry => entry.Hash)
                .ToFrozenDictionary(entry => entry.Hash, entry => entry.Caller),
            PassThrough = document.Providers
                .SelectMany(provider => provider.PassThrough)
                .Where(path => PassThroughPaths.Check(path) is null)
                .Distinct(StringComparer.Ordinal)
                .ToFrozenDictionary(path => path, Operation.PassThrough, StringComparer.Ordinal),
        };
    }

    private NamespaceModels BuildNamespace(List<SnapshotModel> specs, Dictionary<string, ProviderRoute> providers, IEnumerable<SnapshotRoute> routes)
    {
        var listed = specs.Select(spec => BuildModel(spec, providers)).OrderBy(model => model.Id, StringComparer.Ordinal).ToList();
        var byName = listed.ToDictionary(model => model.Id);
        foreach (var model in listed)
        {
            foreach (var alias in model.Spec.Aliases)
            {
                byName.TryAdd(alias, model);
            }
        }

        var models = new NamespaceModels { Listed = listed, ByName = byName.ToFrozenDictionary(StringComparer.Ordinal), Routes = [], RouteNames = [] };
        List<DeclaredRoute> built = [.. routes.OrderBy(route => route.Order).ThenBy(route => route.Name, StringComparer.Ordinal).Select(route => BuildRoute(route, models))];
        return models with
        {
            Routes = built,
            RouteNames = [.. built.Where(route => route.Targets.Count > 0)
                .SelectMany(route => route.Names.Select(name => (Name: name, Target: route.Targets[0].Target.Model)))
                .Where(entry => !models.ByName.ContainsKey(entry.Name))
                .DistinctBy(entry => entry.Name)
                .OrderBy(entry => entry.Name, StringComparer.Ordinal)],
        };
    }

    private DeclaredRoute BuildRoute(SnapshotRoute spec, NamespaceModels models)
    {
        var route = new DeclaredRoute(spec, models);
        if (route.Fault is { } fault)
        {
            Log.RouteFaulty(logger, spec.Namespace, spec.Name, fault);
        }

        return route;
    }

    private ServedModel BuildModel(SnapshotModel spec, Dictionary<string, ProviderRoute> providers)
    {
        var candidates = spec.Offers
            .Where(offer => providers.ContainsKey(offer.Provider))
            .Select(offer => new Candidate(providers[offer.Provider], offer.UpstreamId, latencies.Of(spec.Namespace, spec.Id, offer.Provider))
            {
                InputPrice = offer.InputPrice,
                OutputPrice = offer.OutputPrice,
                MaxOutputTokens = offer.MaxOutputTokens,
            })
            .ToArray();
        return new ServedModel(spec, candidates);
    }

    private ProviderRoute BuildProvider(SnapshotProvider spec)
    {
        var defaults = options.Value;
        var connect = spec.Timeouts?.Connect?.Value ?? defaults.ConnectTimeout;
        var limits = Limit.Of(LimitScope.Provider, spec.Namespace, spec.Name, spec.Limits);
        var opened = access.Build(spec, out var fault, out var lost);
        var route = access.RouteOf(spec, out var routeFault);
        fault ??= routeFault;
        if (fault is not null)
        {
            Log.CredentialSealed(logger, spec.Namespace, spec.Name, fault);
        }
        else
        {
            foreach (var reason in lost)
            {
                Log.KeyLost(logger, spec.Namespace, spec.Name, reason);
            }
        }

        return new ProviderRoute
        {
            Spec = spec,
            Adapter = EngineAdapters.For(spec),
            Access = opened,
            Fault = fault,
            Endpoints = [.. spec.Endpoints.Where(endpoint => endpoint.Weight > 0)
                .Select(endpoint => new WeightedEndpoint(endpoints.Get(spec.Namespace, spec.Name, endpoint.Url, connect, route), endpoint.Weight))],
            RequestTimeout = spec.Timeouts?.PerRequest?.Value ?? defaults.RequestTimeout,
            IdleTimeout = spec.Timeouts?.Idle?.Value ?? defaults.IdleTimeout,
            TotalTimeout = spec.Timeouts?.Total?.Value ?? defaults.TotalTimeout,
            Limits = limits,
            ExternalLimits = Limit.Join(limits, Limit.Of(LimitScope.ProviderExternal, spec.Namespace, spec.Name, spec.ExternalLimits)),
        };
    }

    /// <remarks>A key may name a model by an alias; what is kept are ids, so that the check on the path is one lookup.</remarks>
    private static Caller BuildCaller(
        SnapshotKey key, NamespaceModels models, Dictionary<(string Namespace, string Name), (SnapshotTeam Team, Limit[]? Limits)> teams)
    {
        var (team, teamLimits) = key.Team is null ? default : teams.GetValueOrDefault((key.Namespace, key.Team));
        return new Caller(
            key,
            models,
            key.AllowedModels.Count == 0
                ? null
                : key.AllowedModels.Select(name => models.ByName.GetValueOrDefault(name)?.Id ?? name).ToFrozenSet(StringComparer.Ordinal))
        {
            Team = team,
            Limits = Limit.Join(Limit.Of(LimitScope.Key, key.Namespace, key.Name, key.Limits), teamLimits),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(201, LogLevel.Error, "Nothing is sent to provider {Namespace}/{Provider}: {Reason}", EventName = "CredentialSealed")]
        public static partial void CredentialSealed(ILogger logger, string @namespace, string provider, string reason);

        [LoggerMessage(203, LogLevel.Error, "Provider {Namespace}/{Provider} is reached with its other keys: {Reason}", EventName = "ProviderKeyLost")]
        public static partial void KeyLost(ILogger logger, string @namespace, string provider, string reason);

        [LoggerMessage(202, LogLevel.Warning, "The route {Namespace}/{Route} cannot be followed as declared: {Fault}", EventName = "RouteFaulty")]
        public static partial void RouteFaulty(ILogger logger, string @namespace, string route, string fault);
    }
}
