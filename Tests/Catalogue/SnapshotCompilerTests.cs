using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Compilation;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue;

public sealed class SnapshotCompilerTests
{
    [Fact]
    public void A_provider_without_models_offers_what_it_allows_and_nothing_it_denies()
    {
        var provider = Store(ResourceKind.ModelProvider, "p", new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h:1//", AllowedModels = ["a", "b"], DeniedModels = ["b"] });
        var compiled = SnapshotCompiler.Compile("default", [provider]);
        Assert.Equal("a", Assert.Single(compiled.Models).Id);
        var snapshot = Assert.Single(compiled.Providers);
        Assert.Equal(("self_hosted", "vllm", "http://h:1/v1"), (snapshot.Provider, snapshot.Engine, snapshot.Endpoints[0].Url));
    }

    [Fact]
    public void How_a_provider_is_checked_and_balanced_is_passed_on()
    {
        var (check, balancing) = (new HealthCheckSpec { IntervalSeconds = 7 }, new BalancingSpec { Strategy = BalancingStrategies.Latency });
        var provider = Store(ResourceKind.ModelProvider, "p", new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h:1", HealthCheck = check, Balancing = balancing });
        var snapshot = Assert.Single(SnapshotCompiler.Compile("default", [provider]).Providers);
        Assert.Equal((check, balancing), (snapshot.HealthCheck, snapshot.Balancing));
    }

    [Fact]
    public void How_a_provider_is_asked_for_videos_is_passed_on()
    {
        var videos = new VideosSpec { Create = "/generate", Status = "/jobs/{id}", AnswersWithVideo = false };
        var provider = Store(ResourceKind.ModelProvider, "p", new ModelProviderSpec { Provider = "video-engine", Endpoint = "http://h:1", Videos = videos });
        var snapshot = Assert.Single(SnapshotCompiler.Compile("default", [provider]).Providers);
        Assert.Equal((videos, "self_hosted", "video-engine"), (snapshot.Videos, snapshot.Provider, snapshot.Engine));
    }

    [Fact]
    public void Offers_come_in_the_order_of_providers_and_a_model_decides_its_type()
    {
        var model = Store(ResourceKind.Model, "m", new ModelSpec { Id = "x", ModelType = "multimodal" });
        var providers = new[] { "b", "a" }.Select(name => Store(ResourceKind.ModelProvider, name, new ModelProviderSpec
        {
            Provider = "vllm",
            Endpoint = "http://h",
            Models = [new ProvidedModel { Id = "x", UpstreamId = name, ContextWindow = 7 }],
        }));
        var compiled = Assert.Single(SnapshotCompiler.Compile("default", [.. providers, model]).Models);
        Assert.Equal([new SnapshotOffer("a", "a"), new SnapshotOffer("b", "b")], compiled.Offers);
        Assert.Equal(("multimodal", 7), (compiled.ModelType, compiled.ContextWindow));
    }

    [Fact]
    public void A_deployment_is_told_of_until_its_provider_offers_the_model()
    {
        var deployment = Store(ResourceKind.ModelDeployment, "chat", new ModelDeploymentSpec { Model = "x", Adapters = [new AdapterSpec { Id = "y", Path = "y" }], Replicas = 2 });
        var told = deployment with { Status = JsonSerializer.SerializeToElement(new { phase = "active" }) };
        var other = Store(ResourceKind.ModelProvider, "other", new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h", Models = [new ProvidedModel { Id = "x" }] });
        Assert.Equal(["x", "y"], SnapshotCompiler.Compile("default", [deployment]).Models.Select(model => model.Id));
        Assert.Equal([new SnapshotDeployment("chat", "deploying", 2)], SnapshotCompiler.Compile("default", [deployment]).Models[0].Deployments);

        var compiled = SnapshotCompiler.Compile("default", [told, other]).Models;
        Assert.All(compiled, model => Assert.Equal([new SnapshotDeployment("chat", "active", 2)], model.Deployments));
        Assert.Equal([1, 0], compiled.Select(model => model.Offers.Count));

        var own = Store(ResourceKind.ModelProvider, "chat", new ModelProviderSpec { Provider = "self_hosted", Engine = "vllm", Endpoint = "http://h", Models = [new ProvidedModel { Id = "x" }, new ProvidedModel { Id = "y" }] });
        Assert.All(SnapshotCompiler.Compile("default", [told, other, own]).Models, model => Assert.Empty(model.Deployments));
    }

    [Fact]
    public void A_deployment_of_an_alias_takes_the_alias_from_nobody()
    {
        var model = Store(ResourceKind.Model, "m", new ModelSpec { Id = "acme-8b", ModelType = "chat", Aliases = ["acme"] });
        var provider = Store(ResourceKind.ModelProvider, "p", new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h", Models = [new ProvidedModel { Id = "acme-8b" }] });
        var deployment = Store(ResourceKind.ModelDeployment, "chat", new ModelDeploymentSpec { Model = "acme" });
        var compiled = Assert.Single(SnapshotCompiler.Compile("default", [model, provider, deployment]).Models);
        Assert.Equal(("acme-8b", "chat"), (compiled.Id, Assert.Single(compiled.Deployments).Name));
    }

    [Fact]
    public void Anthropic_is_a_provider_and_an_engine_and_tells_how_long_an_answer_may_be()
    {
        var spec = new ModelProviderSpec { Provider = "anthropic", Endpoint = "https://api.anthropic.com", Models = [new ProvidedModel { Id = "claude", UpstreamId = "claude-sonnet-4-6", MaxOutputTokens = 64_000 }] };
        var errors = new FieldErrors();
        spec.Validate(errors);
        Assert.Empty(errors.All);
        var compiled = SnapshotCompiler.Compile("default", [Store(ResourceKind.ModelProvider, "p", spec)]);
        var provider = Assert.Single(compiled.Providers);
        Assert.Equal(("anthropic", "anthropic", "https://api.anthropic.com/v1"), (provider.Provider, provider.Engine, provider.Endpoints[0].Url));
        Assert.Equal([new SnapshotOffer("p", "claude-sonnet-4-6") { MaxOutputTokens = 64_000 }], Assert.Single(compiled.Models).Offers);
        spec = spec with { Models = [new ProvidedModel { Id = "claude", MaxOutputTokens = 0 }] };
        spec.Validate(errors);
        Assert.Equal("spec.models[0].maxOutputTokens", Assert.Single(errors.All).Path);
    }

    [Fact]
    public void What_is_let_through_and_for_whom_reaches_the_gateway()
    {
        var provider = new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h", AllowedModels = ["a"], PassThrough = ["/tokenize"] };
        var key = new AccessKeySpec { Sha256 = AccessToken.Hash("x") };
        var compiled = SnapshotCompiler.Compile(
            "default",
            [Store(ResourceKind.ModelProvider, "p", provider), Store(ResourceKind.AccessKey, "k", key), Store(ResourceKind.AccessKey, "through", key with { PassThrough = true })]);
        Assert.Equal(["/tokenize"], Assert.Single(compiled.Providers).PassThrough);
        Assert.Equal([("k", false), ("through", true)], compiled.Keys.Select(one => (one.Name, one.PassThrough)));
    }

    [Fact]
    public void What_takes_no_traffic_is_not_in_the_snapshot()
    {
        var compiled = SnapshotCompiler.Compile("default",
        [
            Store(ResourceKind.AccessKey, "off", new AccessKeySpec { Sha256 = new string('a', 64), Disabled = true }),
            Store(ResourceKind.ModelProvider, "idle", new ModelProviderSpec { Provider = "vllm", Endpoints = [new ProviderEndpoint { Url = "http://h", Weight = 0 }], Models = [new ProvidedModel { Id = "x" }] }),
        ]);
        Assert.Empty(compiled.Keys);
        Assert.Empty(compiled.Providers);
        Assert.Empty(compiled.Models);
    }

    [Fact]
    public void A_snapshot_and_its_deltas_make_the_later_snapshot()
    {
        var changes = Gen.Choose(0, 2).SelectMany(kind => Gen.Choose(0, 3), (kind, name) => (kind, name))
            .SelectMany(key => Gen.Choose(0, 3), (key, value) => (key.kind, key.name, value))
            .SelectMany(change => Gen.Elements("one", "two"), (change, space) => (change.kind, change.name, change.value, space));
        Prop.ForAll(Arb.From(Gen.ListOf(changes)), history =>
        {
            var state = CatalogueState.Empty;
            var followed = new List<SnapshotDocument> { state.Snapshot };
            foreach (var (kind, name, value, space) in history)
            {
                var resource = Generated(kind, $"n{name}", value, space);
                var change = new ResourceChange(state.Revision + 1, value == 0 ? ChangeTypes.Deleted : ChangeTypes.Modified, resource);
                (state, var delta) = state.Advance(state.Revision + 1, [change]);
                followed = [.. followed.Select(snapshot => Apply(snapshot, delta)), state.Snapshot];
            }

            var expected = Written(CatalogueState.Load(state.Revision, state.All).Snapshot);
            return followed.TrueForAll(snapshot => Written(snapshot) == expected);
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>What a gateway does with a delta.</summary>
    private static SnapshotDocument Apply(SnapshotDocument snapshot, SnapshotDelta delta)
    {
        Assert.Equal(snapshot.Revision, delta.From);
        return snapshot with
        {
            Revision = delta.Revision,
            Models = Merge(snapshot.Models, delta.Models, delta.Removed, model => model.Identity),
            Providers = Merge(snapshot.Providers, delta.Providers, delta.Removed, provider => provider.Identity),
            Keys = Merge(snapshot.Keys, delta.Keys, delta.Removed, key => key.Identity),
        };
    }

    private static List<T> Merge<T>(IReadOnlyList<T> entries, IReadOnlyList<T> changed, IReadOnlyList<string> removed, Func<T, string> identity)
    {
        var left = entries.Where(entry => !removed.Contains(identity(entry))).ToDictionary(identity);
        foreach (var entry in changed)
        {
            left[identity(entry)] = entry;
        }

        return [.. left.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value)];
    }

    private static string Written(SnapshotDocument snapshot) => JsonSerializer.Serialize(snapshot with
    {
        Models = [.. snapshot.Models.OrderBy(model => model.Identity, StringComparer.Ordinal)],
        Providers = [.. snapshot.Providers.OrderBy(provider => provider.Identity, StringComparer.Ordinal)],
        Keys = [.. snapshot.Keys.OrderBy(key => key.Identity, StringComparer.Ordinal)],
    }, ContractsJson.Default.SnapshotDocument);

    private static StoredResource Generated(int kind, string name, int value, string space) => kind switch
    {
        0 => Store(ResourceKind.Model, name, new ModelSpec { Id = $"id-{name}", ModelType = value == 1 ? "chat" : "embedding", Aliases = [$"alias-{name}"] }, space),
        1 => Store(ResourceKind.ModelProvider, name, new ModelProviderSpec
        {
            Provider = "vllm",
            Endpoint = $"http://h{value}",
            Models = [new ProvidedModel { Id = $"id-n{value}" }, new ProvidedModel { Id = $"id-{name}-own", ModelType = "embedding" }],
        }, space),
        _ => Store(ResourceKind.AccessKey, name, new AccessKeySpec { Sha256 = AccessToken.Hash($"{space}/{name}/{value}"), Disabled = value == 2 }, space),
    };

    private static StoredResource Store(ResourceKind kind, string name, object spec, string space = "default") => new(
        kind, new ResourceMetadata { Name = name, Namespace = space, ResourceVersion = "1", CreationTimestamp = DateTimeOffset.UnixEpoch }, spec, null, "test");
}
