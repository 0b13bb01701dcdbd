using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>Providers, some of them out of use; models that they offer; and a request for some of these.</summary>
internal sealed class PlanScene : IDisposable
{
    private readonly Exchange _exchange;
    private List<ServedModel> _models = [];

    public PlanScene(int seed) => (Random, _exchange) = Build(seed, hasStrategy: true);

    public PlanScene(int seed, string? strategy) => (Random, _exchange) = Build(seed, hasStrategy: strategy is not null);

    public Fleet Fleet { get; } = new();

    public Random Random { get; }

    public bool IsAlone => _exchange.Call.Routing is { Fallback: false };

    public RoutePlan Build() => new PlanBuilder(new Dice(7)).Build(_exchange);

    public Exchange Exchange => _exchange;

    public NamespaceModels Models => NamespaceModels.None with { Listed = _models, ByName = _models.ToFrozenDictionary(model => model.Id, StringComparer.Ordinal) };

    public void Forbid() => _exchange.Call.Routing = (_exchange.Call.Routing ?? new RoutingWish(null, null, true)) with { Fallback = false };

    /// <summary>All that the request's words allow, in the declared order.</summary>
    public List<Candidate> Offered()
    {
        var providers = _exchange.Call.Routing?.Providers?.ToList();
        return
        [
            .. _exchange.Wanted.SelectMany(wanted => wanted.Model.Plan.Candidates
                .Where(candidate => wanted.Provider is null || candidate.Provider.Name == wanted.Provider)
                .Where(candidate => providers is null || providers.Contains(candidate.Provider.Name))
                .OrderBy(candidate => providers?.IndexOf(candidate.Provider.Name) ?? 0)).Distinct(),
        ];
    }

    public void Dispose()
    {
        _exchange.Dispose();
        Fleet.Dispose();
    }

    private (Random Random, Exchange Exchange) Build(int seed, bool hasStrategy)
    {
        var random = new Random(seed);
        var providers = Enumerable.Range(0, random.Next(1, 6)).Select(i => Provider(random, $"p{i}")).ToList();
        var models = Enumerable.Range(0, random.Next(1, 5)).Select(i => Model($"m{i}", [.. providers.Where(_ => random.Next(3) > 0)])).ToList();
        _models = models;
        var wanted = Enumerable.Range(0, random.Next(1, 5)).Select(_ => models[random.Next(models.Count)])
            .Select(model => new WantedModel(model, random.Next(4) == 0 && model.Plan.Candidates.Count > 0 ? model.Plan.Candidates[random.Next(model.Plan.Candidates.Count)].Provider.Name : null))
            .ToList();
        var strategy = hasStrategy && random.Next(2) == 0 ? RoutingStrategies.Named(RoutingStrategies.All[random.Next(RoutingStrategies.All.Count)]) : null;
        var named = random.Next(3) == 0 ? providers.Where(_ => random.Next(2) == 0).Select(provider => provider.Name).Reverse().ToList() : null;
        var exchange = new Exchange(new DefaultHttpContext(), Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Call = new Call { Body = new byte[100], Routing = random.Next(2) == 0 ? new RoutingWish(strategy, named, random.Next(3) > 0) : null },
            Caller = new Caller(GatewayWorld.AccessKey(), NamespaceModels.None, AllowedModels: null),
            Model = wanted[0].Model,
            Wanted = wanted,
        };
        return (random, exchange);
    }

    private ProviderRoute Provider(Random random, string name) => new()
    {
        Spec = GatewayWorld.Provider(name) with { Weight = random.Next(4), Provider = random.Next(3) == 0 ? "openai" : "self_hosted" },
        Adapter = new VllmAdapter(),
        Access = ProviderAccess.None,
        Fault = random.Next(5) == 0 ? "its credential cannot be opened" : null,
        Endpoints = [.. Enumerable.Range(0, random.Next(4)).Select(i => new WeightedEndpoint(Fleet.Endpoint($"{name}-{i}", name), random.Next(1, 4)))],
        RequestTimeout = default,
        IdleTimeout = default,
        TotalTimeout = default,
    };

    private static ServedModel Model(string id, List<ProviderRoute> providers) =>
        new(GatewayWorld.Model(id, ModelTypes.Chat), [.. providers.Select(provider => new Candidate(provider, id, new Latency(TimeProvider.System)))]);
}
