using System.Collections.Frozen;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Custom;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway;

/// <summary>Turns the Catalogue's document into what requests look things up in. Credentials are opened here, once a snapshot.</summary>
internal sealed partial class SnapshotBuilder(EndpointPool endpoints, LatencyBook latencies, HealthSchedule checks, AccessBuilder access, KeyBook keys, IOptions<GatewayOptions> options, Dice dice, ILogger<SnapshotBuilder> logger)
{
    /// <summary>For an answer that is made while it is waited for, unless the provider says otherwise.</summary>
    private static readonly TimeSpan VideoTime = TimeSpan.FromHours(1);

    private readonly DiceRandom _random = new(dice);

    /// <param name="before">What is in force: what <paramref name="document"/> has of it unchanged, as the same object, is not built again.</param>
    public Snapshot Build(SnapshotDocument document, Snapshot? before = null)
    {
        var isServedAlike = before is not null
            && ReferenceEquals(document.Models, before.Document.Models)
            && ReferenceEquals(document.Providers, before.Document.Providers)
            && ReferenceEquals(document.Routes, before.Document.Routes);
        var providers = isServedAlike ? before!.Providers : BuildProviders(document, before);
        var models = isServedAlike ? before!.Models : BuildModels(document, providers, before);
        var teams = ReferenceEquals(document.Teams, before?.Document.Teams)
            ? before!.Teams
            : document.Teams.ToDictionary(team => (team.Namespace, team.Name), team => new TeamLimits(team, Limit.Of(LimitScope.Team, team.Namespace, team.Name, team.Limits)));
        return new Snapshot
        {
            Document = document,
            Providers = providers,
            Models = models,
            Teams = teams,
            Callers = new CallerTable(before is null ? KeyTable.Of(document.Keys) : before.Callers.Keys.Follow(before.Document.Keys, document.Keys), models, teams),
            PassThrough = isServedAlike ? before!.PassThrough : document.Providers
                .SelectMany(provider => provider.PassThrough)
                .Where(path => PassThroughPaths.Check(path) is null)
                .Distinct(StringComparer.Ordinal)
                .ToFrozenDictionary(path => path, Operation.PassThrough, StringComparer.Ordinal),
        };
    }

    private Dictionary<string, Dictionary<string, ProviderRoute>> BuildProviders(SnapshotDocument document, Snapshot? before)
    {
        var providers = document.Providers.GroupBy(provider => provider.Namespace).ToDictionary(group => group.Key, group =>
        {
            var known = before?.Providers.GetValueOrDefault(group.Key);
            return group.ToDictionary(
                provider => provider.Name,
                provider => known?.GetValueOrDefault(provider.Name) is { } same && ReferenceEquals(same.Spec, provider) ? same : BuildProvider(provider));
        });
        endpoints.Keep(providers.Values.SelectMany(own => own.Values).SelectMany(provider => provider.Endpoints).Select(weighted => weighted.Endpoint));
        keys.Keep(providers.Values.SelectMany(own => own.Values).SelectMany(provider => provider.Access.Keys?.Keys ?? []).Select(key => key.Health));
        checks.Follow(providers.Values.SelectMany(own => own.Values));
        return providers;
    }

    private Dictionary<string, NamespaceModels> BuildModels(SnapshotDocument document, IReadOnlyDictionary<string, Dictionary<string, ProviderRoute>> providers, Snapshot? before)
    {
        if (!ReferenceEquals(document.Models, before?.Document.Models))
        {
            latencies.Keep(document.Models.SelectMany(model => model.Offers.Select(offer => (model.Namespace, model.Id, offer.Provider))).ToHashSet());
        }

        var routes = document.Routes.ToLookup(route => route.Namespace);
        return document.Models.GroupBy(model => model.Namespace).ToDictionary(
            group => group.Key,
            group => BuildNamespace(group, providers.GetValueOrDefault(group.Key) ?? [], routes[group.Key], before?.Models.GetValueOrDefault(group.Key) ?? NamespaceModels.None));
    }

    private NamespaceModels BuildNamespace(IEnumerable<SnapshotModel> specs, Dictionary<string, ProviderRoute> providers, IEnumerable<SnapshotRoute> routes, NamespaceModels before)
    {
        var listed = specs.Select(spec => Unchanged(spec, providers, before) ?? BuildModel(spec, providers)).OrderBy(model => model.Id, StringComparer.Ordinal).ToList();
        var isServedAlike = listed.SequenceEqual(before.Listed);
        var models = isServedAlike ? before : new NamespaceModels { Listed = listed, Any = new(listed), ByName = ByName(listed), Routes = RouteTable.None, RouteNames = [] };
        var declared = routes.OrderBy(route => route.Order).ThenBy(route => route.Name, StringComparer.Ordinal).ToList();
        if (isServedAlike && declared.SequenceEqual(before.Routes.All.Select(route => route.Spec), ReferenceEqualityComparer.Instance))
        {
            return before;
        }

        List<DeclaredRoute> built = [.. declared.Select(route => BuildRoute(route, models))];
        return models with
        {
            Routes = new RouteTable(built),
            RouteNames = [.. built.Where(route => route.Targets.Count > 0)
                .SelectMany(route => route.Names.Select(name => (Name: name, Target: route.Targets[0].Target.Model)))
                .Where(entry => !models.ByName.ContainsKey(entry.Name))
                .DistinctBy(entry => entry.Name)
                .OrderBy(entry => entry.Name, StringComparer.Ordinal)],
        };
    }

    private static FrozenDictionary<string, ServedModel> ByName(List<ServedModel> listed)
    {
        var byName = listed.ToDictionary(model => model.Id);
        foreach (var model in listed)
        {
            foreach (var alias in model.Spec.Aliases)
            {
                byName.TryAdd(alias, model);
            }
        }

        return byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The model as it was, where it was declared by the same object and the same providers serve it.</summary>
    private static ServedModel? Unchanged(SnapshotModel spec, Dictionary<string, ProviderRoute> providers, NamespaceModels before)
    {
        if (!before.ByName.TryGetValue(spec.Id, out var model) || !ReferenceEquals(model.Spec, spec))
        {
            return null;
        }

        var place = 0;
        foreach (var offer in spec.Offers)
        {
            if (providers.TryGetValue(offer.Provider, out var provider) && (place == model.Plan.Candidates.Count || !ReferenceEquals(model.Plan.Candidates[place++].Provider, provider)))
            {
                return null;
            }
        }

        return place == model.Plan.Candidates.Count ? model : null;
    }

    private DeclaredRoute BuildRoute(SnapshotRoute spec, NamespaceModels models)
    {
        var route = new DeclaredRoute(spec, models, _random);
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
                OwnMetadata = offer.Metadata,
            })
            .ToArray();
        return new ServedModel(spec, candidates);
    }

    private ProviderRoute BuildProvider(SnapshotProvider spec)
    {
        var defaults = options.Value;
        var connect = spec.Timeouts?.Connect?.Value ?? defaults.ConnectTimeout;
        var makesVideos = spec.Videos?.AnswersWithVideo is true;
        var limits = Limit.Of(LimitScope.Provider, spec.Namespace, spec.Name, spec.Limits);
        var opened = access.Build(spec, out var fault, out var lost);
        var route = access.RouteOf(spec, out var routeFault);
        var adapter = EngineAdapters.For(spec);
        fault ??= routeFault ?? (adapter as CustomAdapter)?.Fault;
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
            Adapter = adapter,
            Access = opened,
            Fault = fault,
            Endpoints = [.. spec.Endpoints.Where(endpoint => endpoint.Weight > 0)
                .Select(endpoint => new WeightedEndpoint(endpoints.Get(spec.Namespace, spec.Name, endpoint.Url, connect, route), endpoint.Weight))],
            RequestTimeout = spec.Timeouts?.PerRequest?.Value ?? (makesVideos ? VideoTime : defaults.RequestTimeout),
            IdleTimeout = spec.Timeouts?.Idle?.Value ?? defaults.IdleTimeout,
            TotalTimeout = spec.Timeouts?.Total?.Value ?? (makesVideos ? VideoTime : defaults.TotalTimeout),
            Limits = limits,
            ExternalLimits = Limit.Join(limits, Limit.Of(LimitScope.ProviderExternal, spec.Namespace, spec.Name, spec.ExternalLimits)),
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
