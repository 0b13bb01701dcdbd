using System.Runtime.CompilerServices;
using System.Text.Json;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Compilation;

/// <summary>One namespace's part of the snapshot; each list in the order of names.</summary>
internal sealed record NamespaceSnapshot(
    IReadOnlyList<SnapshotModel> Models, IReadOnlyList<SnapshotProvider> Providers, IReadOnlyList<SnapshotKey> Keys, IReadOnlyList<SnapshotRoute> Routes)
{
    public static readonly NamespaceSnapshot Empty = new([], [], [], []);

    public IReadOnlyList<SnapshotTeam> Teams { get; init; } = [];
}

/// <summary>Resources → what a gateway needs. Pure; a namespace at a time, because nothing crosses one.</summary>
internal static class SnapshotCompiler
{
    /// <summary>Of providers and routes that say nothing of theirs.</summary>
    private const int DefaultOrder = 100;

    // Keys are many and change one at a time: each resource's entry is made once, and its diff is a comparison of references.
    private static readonly ConditionalWeakTable<StoredResource, SnapshotKey> CompiledKeys = [];

    public static NamespaceSnapshot Compile(string @namespace, IEnumerable<StoredResource> resources)
    {
        var present = resources.Where(resource => !resource.IsGoing).OrderBy(resource => resource.Metadata.Name, StringComparer.Ordinal).ToList();
        var secrets = present
            .Where(resource => resource.Spec is SealedSecretSpec)
            .ToDictionary(resource => resource.Metadata.Name, resource => (SealedSecretSpec)resource.Spec);
        var providers = present
            .Where(resource => resource.Spec is ModelProviderSpec)
            .Select(resource => CompileProvider(@namespace, resource, secrets))
            .OfType<CompiledProvider>()
            .OrderBy(provider => ((ModelProviderSpec)provider.Resource.Spec).Priority ?? DefaultOrder)
            .ToList();
        var models = present.Where(resource => resource.Spec is ModelSpec).ToList();
        return new NamespaceSnapshot(
            CompileModels(@namespace, models, providers, [.. present.Where(resource => resource.Spec is ModelDeploymentSpec).SelectMany(DeployedModels)]),
            [.. providers.Select(provider => provider.Snapshot)],
            [.. present
                .Where(resource => resource.Spec is AccessKeySpec { Disabled: false, Sha256: not null })
                .Select(resource => CompiledKeys.GetValue(resource, CompileKey))],
            [.. present.Where(resource => resource.Spec is RouteSpec).Select(CompileRoute)])
        {
            Teams = [.. present.Where(resource => resource.Spec is TeamSpec).Select(resource => CompileTeam(@namespace, resource))],
        };
    }

    public static SnapshotDocument Assemble(long revision, IEnumerable<NamespaceSnapshot> parts)
    {
        var all = parts.ToList();
        return new SnapshotDocument
        {
            Revision = revision,
            Models = [.. all.SelectMany(part => part.Models)],
            Providers = [.. all.SelectMany(part => part.Providers)],
            Keys = [.. all.SelectMany(part => part.Keys)],
            Routes = [.. all.SelectMany(part => part.Routes)],
            Teams = [.. all.SelectMany(part => part.Teams)],
        };
    }

    private static CompiledProvider? CompileProvider(string @namespace, StoredResource resource, Dictionary<string, SealedSecretSpec> secrets)
    {
        var spec = (ModelProviderSpec)resource.Spec;
        var endpoints = spec.EffectiveEndpoints
            .Where(endpoint => endpoint.Weight > 0)
            .Select(endpoint => endpoint with { Url = BaseUrls.Of(endpoint.Url, spec.EffectiveEngine, spec.ApiVersion) })
            .ToList();
        var references = spec.EffectiveApiKeySecretRefs;
        List<SnapshotSecret> keys = [.. references.Select(reference => Copy(secrets, reference)).OfType<SnapshotSecret>()];
        var headers = spec.SecretHeaders?.ToDictionary(header => header.Key, header => Copy(secrets, header.Value));

        var authority = spec.Tls?.CertificateAuthoritySecretRef is { } named ? Copy(secrets, named) : null;

        // A provider without a server, without the credentials it should send, or without the authority it should trust, serves nothing.
        if (spec.Disabled is true || endpoints.Count == 0 || (references.Count > 0 && keys.Count == 0) || headers?.ContainsValue(null) is true
            || (spec.Tls?.CertificateAuthoritySecretRef is not null && authority is null))
        {
            return null;
        }

        return new CompiledProvider(resource, Offered(spec), new SnapshotProvider
        {
            Namespace = @namespace,
            Name = resource.Metadata.Name,
            Provider = spec.EffectiveProvider,
            Engine = spec.EffectiveEngine!,
            Endpoints = endpoints,
            Simulated = spec.Simulated,
            ApiKey = keys.FirstOrDefault()?.Value,
            ApiKeyContext = keys.FirstOrDefault() is { } first ? SecretContext.Of(@namespace, first.Secret, first.Key) : null,
            ApiKeys = keys.Count > 1 ? keys : [],
            Auth = spec.Auth,
            Headers = spec.Headers,
            SecretHeaders = headers?.ToDictionary(header => header.Key, header => header.Value!),
            Aliases = spec.Aliases ?? [],
            ApiVersion = spec.ApiVersion,
            Timeouts = spec.Timeouts,
            Weight = spec.Weight,
            Priority = spec.Priority,
            Metadata = spec.Metadata,
            HealthCheck = spec.HealthCheck,
            Balancing = spec.Balancing,
            PassThrough = spec.PassThrough ?? [],
            NativeResponses = spec.NativeResponses,
            Videos = spec.Videos,
            Limits = ProviderBudgets.LimitsOf(spec),
            ExternalLimits = ProviderBudgets.ExternalLimitsOf(spec),
            InternalOnly = spec.ExternalAccess?.Enabled is false,
            MaxTokensPerRequest = spec.MaxTokensPerRequest,
            Tls = spec.Tls,
            CertificateAuthority = authority,
            Transforms = spec.Transforms,
            Proxy = spec.Proxy,
        });
    }

    private static SnapshotSecret? Copy(Dictionary<string, SealedSecretSpec> secrets, SecretKeyReference reference) =>
        secrets.GetValueOrDefault(reference.Name)?.Data.GetValueOrDefault(reference.Key) is { } value ? new SnapshotSecret(reference.Name, reference.Key, value) : null;

    /// <summary>allowedModels is the truth where given, and the list itself where <c>models</c> is absent.</summary>
    public static List<ProvidedModel> Offered(ModelProviderSpec spec)
    {
        var allowed = spec.AllowedModels ?? [];
        var listed = spec.Models is { Count: > 0 } ? spec.Models : [.. allowed.Distinct(StringComparer.Ordinal).Select(id => new ProvidedModel { Id = id })];
        return [.. listed.Where(model => (allowed.Count == 0 || allowed.Contains(model.Id)) && spec.DeniedModels?.Contains(model.Id) is not true)];
    }

    /// <summary>What a deployment is to serve: the model, and its adapters.</summary>
    private static IEnumerable<DeployedModel> DeployedModels(StoredResource resource)
    {
        var spec = (ModelDeploymentSpec)resource.Spec;
        var phase = resource.Status is { ValueKind: JsonValueKind.Object } status && status.TryGetProperty("phase", out var told) ? told.GetString()! : DeploymentPhases.Deploying;
        var type = spec.Entry?.ModelType ?? BuiltInEntries.Find(spec.ModelId)?.Spec.ModelType;
        return [.. (spec.Adapters ?? []).Select(adapter => adapter.Id).Prepend(spec.ModelId).Select(id => new DeployedModel(id, type, new(resource.Metadata.Name, phase, spec.EffectiveReplicas), resource.Metadata.CreationTimestamp))];
    }

    private static List<SnapshotModel> CompileModels(string @namespace, List<StoredResource> models, List<CompiledProvider> providers, List<DeployedModel> deployed)
    {
        var offers = providers
            .SelectMany(provider => provider.Offered.Select(model => (provider, model)))
            .ToLookup(offer => offer.model.Id, StringComparer.Ordinal);
        var declared = models.DistinctBy(resource => ((ModelSpec)resource.Spec).Id).ToDictionary(resource => ((ModelSpec)resource.Spec).Id, StringComparer.Ordinal);
        // A deployment of an alias is refused; a name of its own it must not become, which would stand before the alias.
        var aliases = declared.Values.SelectMany(model => (((ModelSpec)model.Spec).Aliases ?? []).Select(alias => (Alias: alias, ((ModelSpec)model.Spec).Id)))
            .DistinctBy(entry => entry.Alias, StringComparer.Ordinal).ToDictionary(entry => entry.Alias, entry => entry.Id, StringComparer.Ordinal);
        var awaited = deployed.ToLookup(model => aliases.GetValueOrDefault(model.Id, model.Id), StringComparer.Ordinal);
        return [.. declared.Keys.Union(offers.Select(group => group.Key), StringComparer.Ordinal).Union(awaited.Select(group => group.Key), StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Select(id => CompileModel(@namespace, id, declared.GetValueOrDefault(id), [.. awaited[id]], [.. offers[id]]))];
    }

    private static SnapshotModel CompileModel(string @namespace, string id, StoredResource? declared, List<DeployedModel> deployed, List<(CompiledProvider Provider, ProvidedModel Model)> offers)
    {
        var spec = declared?.Spec as ModelSpec;
        var created = declared?.Metadata.CreationTimestamp ?? deployed.FirstOrDefault()?.Created ?? offers.Min(offer => offer.Provider.Resource.Metadata.CreationTimestamp);
        return new SnapshotModel
        {
            Namespace = @namespace,
            Id = id,
            ModelType = spec?.ModelType ?? offers.Select(offer => offer.Model.ModelType).FirstOrDefault(type => type is not null) ?? deployed.FirstOrDefault()?.ModelType ?? ModelTypes.Chat,
            Deployments = [.. deployed.Select(model => model.Deployment).Where(deployment => offers.TrueForAll(offer => offer.Provider.Snapshot.Name != deployment.Name))],
            Aliases = spec?.Aliases ?? [],
            Strategy = spec?.Strategy,
            ContextWindow = spec?.ContextWindow ?? offers.Select(offer => offer.Model.ContextWindow).FirstOrDefault(window => window is not null),
            Created = created?.ToUnixTimeSeconds() ?? 0,
            Limits = spec?.Limits,
            Offers = [.. offers.Select(offer => new SnapshotOffer(offer.Provider.Snapshot.Name, offer.Model.UpstreamId ?? id)
            {
                InputPrice = offer.Model.CostPer1kInput,
                OutputPrice = offer.Model.CostPer1kOutput,
                MaxOutputTokens = offer.Model.MaxOutputTokens,
                Metadata = offer.Model.Metadata,
            })],
        };
    }

    private static SnapshotKey CompileKey(StoredResource resource)
    {
        var spec = (AccessKeySpec)resource.Spec;
        return new SnapshotKey
        {
            Namespace = resource.Metadata.Namespace,
            Name = resource.Metadata.Name,
            Sha256 = spec.Sha256!,
            Role = spec.Role,
            AllowedModels = spec.AllowedModels ?? [],
            Tags = spec.Tags ?? [],
            ExpiresAt = spec.ExpiresAt,
            PassThrough = spec.PassThrough,
            Team = spec.Team,
            Limits = spec.Limits,
            Priority = spec.Priority,
        };
    }

    private static SnapshotRoute CompileRoute(StoredResource resource)
    {
        var spec = (RouteSpec)resource.Spec;
        return new SnapshotRoute
        {
            Namespace = resource.Metadata.Namespace,
            Name = resource.Metadata.Name,
            Order = spec.Order ?? DefaultOrder,
            Match = spec.Match,
            Targets = spec.Targets ?? (spec.Target is { } target ? [new RouteTarget { Model = target }] : []),
            Fallback = spec.Fallback,
            Strategy = spec.Strategy,
            Selection = spec.Selection,
            AllowedProviders = spec.AllowedProviders,
            AllowedModels = spec.AllowedModels,
        };
    }

    private static SnapshotTeam CompileTeam(string @namespace, StoredResource resource)
    {
        var spec = (TeamSpec)resource.Spec;
        return new SnapshotTeam { Namespace = @namespace, Name = resource.Metadata.Name, Tags = spec.Tags ?? [], Limits = spec.Limits };
    }

    private sealed record DeployedModel(string Id, string? ModelType, SnapshotDeployment Deployment, DateTimeOffset? Created);

    private sealed record CompiledProvider(StoredResource Resource, IReadOnlyList<ProvidedModel> Offered, SnapshotProvider Snapshot);
}
