using System.Text.Json;

namespace Orrery.Contracts;

/// <summary>Everything a gateway needs to answer traffic, compiled by the Catalogue at one revision.</summary>
public sealed record SnapshotDocument
{
    /// <summary>The format written by this release.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The oldest format that this release still reads: the previous one, so that releases N and N-1 run side by side.</summary>
    public const int OldestFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>The store's revision that this was compiled from.</summary>
    public required long Revision { get; init; }

    public IReadOnlyList<SnapshotModel> Models { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotProvider> Providers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotKey> Keys { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotRoute> Routes { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotTeam> Teams { get; init => field = value ?? []; } = [];
}

/// <summary>What changed between two revisions. Applied to a snapshot at <see cref="From"/> it gives the one at <see cref="Revision"/>.</summary>
public sealed record SnapshotDelta
{
    public int Format { get; init; } = SnapshotDocument.CurrentFormat;

    public required long From { get; init; }

    public required long Revision { get; init; }

    /// <summary>New or changed; replaces the entry of the same <c>Identity</c>.</summary>
    public IReadOnlyList<SnapshotModel> Models { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotProvider> Providers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotKey> Keys { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotRoute> Routes { get; init => field = value ?? []; } = [];

    public IReadOnlyList<SnapshotTeam> Teams { get; init => field = value ?? []; } = [];

    /// <summary>Identities of entries that are gone.</summary>
    public IReadOnlyList<string> Removed { get; init => field = value ?? []; } = [];
}

/// <summary>Sent when nothing changed, so that silence means a broken connection.</summary>
public sealed record SnapshotHeartbeat(long Revision);

/// <summary>The names of the stream's server-sent events.</summary>
public static class SnapshotEvents
{
    public const string Snapshot = "snapshot";
    public const string Delta = "delta";
    public const string Heartbeat = "heartbeat";
}

/// <summary>A public model id of a namespace, with everyone who serves it.</summary>
public sealed record SnapshotModel
{
    public required string Namespace { get; init; }

    public required string Id { get; init; }

    /// <summary>One of <see cref="ModelTypes.All"/>.</summary>
    public required string ModelType { get; init; }

    public IReadOnlyList<string> Aliases { get; init => field = value ?? []; } = [];

    public int? ContextWindow { get; init; }

    /// <summary>Unix seconds, for <c>created</c> in the list of models.</summary>
    public long Created { get; init; }

    /// <summary>One of <see cref="RoutingStrategies.All"/>; <c>null</c>: by priority.</summary>
    public string? Strategy { get; init; }

    /// <summary>Who serves it, in the order in which they are tried. Empty: declared, and served by nobody yet.</summary>
    public IReadOnlyList<SnapshotOffer> Offers { get; init => field = value ?? []; } = [];

    public Limits? Limits { get; init; }

    /// <summary>Deployments that are to serve it and do not: none of their replicas answers yet, or any more.</summary>
    public IReadOnlyList<SnapshotDeployment> Deployments { get; init => field = value ?? []; } = [];

    public string Identity => $"model/{Namespace}/{Id}";
}

/// <summary>A deployment on its way: its name stands before a model's as a provider's does.</summary>
/// <param name="Phase">One of <see cref="DeploymentPhases.All"/>.</param>
/// <param name="Replicas">How many there are to be.</param>
public sealed record SnapshotDeployment(string Name, string Phase, int Replicas);

/// <summary>A provider that serves a model, and the id it knows it by.</summary>
public sealed record SnapshotOffer(string Provider, string UpstreamId)
{
    /// <summary>Price of 1,000 prompt tokens; <c>null</c>: not known.</summary>
    public double? InputPrice { get; init; }

    /// <summary>Price of 1,000 answered tokens.</summary>
    public double? OutputPrice { get; init; }

    /// <summary>Tokens of an answer, at most; absent: not known.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>The model's own, as this provider declares it.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Metadata { get; init; }
}

/// <summary>A route of a namespace.</summary>
public sealed record SnapshotRoute
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Lower comes first; among equals the name decides.</summary>
    public int Order { get; init; }

    public RouteMatch? Match { get; init; }

    /// <summary>Empty: what the request itself names.</summary>
    public required IReadOnlyList<RouteTarget> Targets { get; init; }

    /// <summary><c>null</c>: the targets' own providers; empty: nobody.</summary>
    public IReadOnlyList<string>? Fallback { get; init; }

    public string? Strategy { get; init; }

    /// <summary>Expressions; <c>null</c>: everyone who may answer is tried.</summary>
    public IReadOnlyList<string>? Selection { get; init; }

    /// <summary><c>null</c>: all.</summary>
    public IReadOnlyList<string>? AllowedProviders { get; init; }

    public IReadOnlyList<string>? AllowedModels { get; init; }

    public string Identity => $"route/{Namespace}/{Name}";
}

/// <summary>A provider of a namespace, ready to be called.</summary>
public sealed record SnapshotProvider
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Who offers: <c>self_hosted</c>, <c>openai</c>, …</summary>
    public required string Provider { get; init; }

    /// <summary>One of <see cref="Engines.All"/>.</summary>
    public required string Engine { get; init; }

    /// <summary>Base URLs with <c>/v1</c> filled in and no trailing slash; endpoints of weight 0 are left out.</summary>
    public required IReadOnlyList<ProviderEndpoint> Endpoints { get; init; }

    public bool Simulated { get; init; }

    /// <summary>The credential; its sealing context is <see cref="ApiKeyContext"/>.</summary>
    public SealedSecret? ApiKey { get; init; }

    /// <summary>What the credential was sealed for (<see cref="SecretContext"/> of the secret it was copied from).</summary>
    public string? ApiKeyContext { get; init; }

    /// <summary>All credentials in their order, where there are several; <see cref="ApiKey"/> is the first of them.</summary>
    public IReadOnlyList<SnapshotSecret> ApiKeys { get; init => field = value ?? []; } = [];

    public ProviderAuth? Auth { get; init; }

    /// <summary>Sent with each request.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The same, with values from Secrets.</summary>
    public IReadOnlyDictionary<string, SnapshotSecret>? SecretHeaders { get; init; }

    /// <summary>Other names that requests may know it by.</summary>
    public IReadOnlyList<string> Aliases { get; init => field = value ?? []; } = [];

    /// <summary>With <see cref="Engines.AzureOpenAi"/>; <c>null</c>: the API without versions.</summary>
    public string? ApiVersion { get; init; }

    public ProviderTimeouts? Timeouts { get; init; }

    /// <summary><c>null</c>: 1.</summary>
    public int? Weight { get; init; }

    /// <summary>Lower is asked first; <c>null</c>: 100. <see cref="SnapshotModel.Offers"/> are in this order already.</summary>
    public int? Priority { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? Metadata { get; init; }

    public HealthCheckSpec? HealthCheck { get; init; }

    public BalancingSpec? Balancing { get; init; }

    /// <summary>Paths from the servers' root that may be called as they are.</summary>
    public IReadOnlyList<string> PassThrough { get; init => field = value ?? []; } = [];

    /// <summary>Whether it speaks the Responses API itself; <c>null</c>: where it is OpenAI.</summary>
    public bool? NativeResponses { get; init; }

    /// <summary>How videos are asked for; <c>null</c>: as OpenAI's API is.</summary>
    public VideosSpec? Videos { get; init; }

    public Limits? Limits { get; init; }

    /// <summary>What callers with access keys may use of it, besides <see cref="Limits"/>.</summary>
    public Limits? ExternalLimits { get; init; }

    /// <summary>Access keys may not use it.</summary>
    public bool InternalOnly { get; init; }

    /// <summary>Tokens of prompt and answer together, at most.</summary>
    public long? MaxTokensPerRequest { get; init; }

    /// <summary>How certificates are verified; an authority from a Secret is <see cref="CertificateAuthority"/>.</summary>
    public ProviderTls? Tls { get; init; }

    /// <summary>The authority that <see cref="Tls"/> refers to.</summary>
    public SnapshotSecret? CertificateAuthority { get; init; }

    /// <summary>With <see cref="Engines.Custom"/>.</summary>
    public Transforms.ProviderTransforms? Transforms { get; init; }

    /// <summary>A proxy's URL, <c>none</c>, or <c>null</c>: the gateway's.</summary>
    public string? Proxy { get; init; }

    public string Identity => $"provider/{Namespace}/{Name}";
}

/// <summary>The context that a secret's value is bound to when it is sealed, so that a ciphertext cannot be moved to another name.</summary>
public static class SecretContext
{
    public static string Of(string @namespace, string secret, string key) => $"secret/{@namespace}/{secret}/{key}";
}

/// <summary>An access key that is in force. Disabled keys are not in the snapshot.</summary>
public sealed record SnapshotKey
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Lower-case hex SHA-256 of the token.</summary>
    public required string Sha256 { get; init; }

    /// <summary>One of <see cref="AccessRoles.All"/>.</summary>
    public required string Role { get; init; }

    /// <summary>Empty: all models of the namespace.</summary>
    public IReadOnlyList<string> AllowedModels { get; init => field = value ?? []; } = [];

    public IReadOnlyList<string> Tags { get; init => field = value ?? []; } = [];

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>May call what providers let through.</summary>
    public bool PassThrough { get; init; }

    /// <summary>The <see cref="SnapshotTeam"/> of the same namespace that it belongs to.</summary>
    public string? Team { get; init; }

    public Limits? Limits { get; init; }

    /// <summary>Its weight among waiting requests; absent: 1.</summary>
    public int? Priority { get; init; }

    public string Identity => $"key/{Namespace}/{Name}";
}
