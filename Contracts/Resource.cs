using System.Text.Json;

namespace Orrery.Contracts;

/// <summary>The one shape of everything an operator declares: who it is, what is wanted, what was seen.</summary>
/// <remarks>
/// <see cref="Spec"/> stays raw here because the envelope is the same for every kind; the typed specs
/// (<see cref="ModelSpec"/>, <see cref="ModelProviderSpec"/>, …) are read from it once the kind is known.
/// </remarks>
public sealed record Resource
{
    /// <summary>The group and version written by <c>orrery</c>. <c>pai.io/v1</c> is read as an alias of it.</summary>
    public const string CurrentApiVersion = "orrery.dev/v1";

    public string ApiVersion { get; init => field = value ?? CurrentApiVersion; } = CurrentApiVersion;

    /// <summary>One of <see cref="ResourceKind.All"/>.</summary>
    public required string Kind { get; init; }

    public required ResourceMetadata Metadata { get; init; }

    /// <summary>What the operator wants. Never <c>null</c>; an empty object where a kind has no fields.</summary>
    public JsonElement Spec { get; init; }

    /// <summary>What the platform saw; written by services only and ignored in what an operator sends.</summary>
    public JsonElement? Status { get; init; }
}

/// <summary>Identity and bookkeeping of a resource. All but name, namespace, labels and annotations is set by the Catalogue.</summary>
public sealed record ResourceMetadata
{
    /// <summary>The namespace used where a document names none.</summary>
    public const string DefaultNamespace = "default";

    /// <summary>Unique for a kind in its namespace. A DNS-1123 label: 1 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit.</summary>
    public required string Name { get; init; }

    /// <summary>The organisation that the resource belongs to. No query, cache or log crosses it.</summary>
    public string Namespace { get; init => field = value ?? DefaultNamespace; } = DefaultNamespace;

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>UUIDv7, different for each incarnation of a name.</summary>
    public string? Uid { get; init; }

    /// <summary>Raised by one with each change of <c>spec</c>; a change of status leaves it.</summary>
    public long Generation { get; init; }

    /// <summary>
    /// The store's revision at which this resource last changed. Sent back with a PUT it means
    /// "only if nobody changed it since" (otherwise 409); empty means "whatever is there".
    /// </summary>
    public string? ResourceVersion { get; init; }

    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set when deletion was asked for while <see cref="Finalizers"/> still hold the resource.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    public IReadOnlyList<string>? Finalizers { get; init; }

    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    /// <summary>Who writes the spec: <c>operator</c>, <c>apphost</c>, <c>builder</c>. A name that another manager holds is not taken over.</summary>
    public string? ManagedBy { get; init; }
}

/// <summary>The resource whose deletion takes this one with it.</summary>
public sealed record OwnerReference(string Kind, string Name, string Uid);

/// <summary>A kind that can be declared: its name in documents and its plural in URLs.</summary>
public sealed record ResourceKind(string Name, string Plural)
{
    public static readonly ResourceKind Model = new("Model", "models");
    public static readonly ResourceKind ModelProvider = new("ModelProvider", "modelproviders");
    public static readonly ResourceKind AccessKey = new("AccessKey", "accesskeys");
    public static readonly ResourceKind Secret = new("Secret", "secrets");
    public static readonly ResourceKind Team = new("Team", "teams");

    public static readonly ResourceKind Route = new("Route", "routes");
    public static readonly ResourceKind LicencePolicy = new("LicencePolicy", "licencepolicies");
    public static readonly ResourceKind LicenceAcceptance = new("LicenceAcceptance", "licenceacceptances");
    public static readonly ResourceKind ModelDeployment = new("ModelDeployment", "modeldeployments");
    public static readonly ResourceKind GpuClass = new("GpuClass", "gpuclasses");
    public static readonly ResourceKind ImagePolicy = new("ImagePolicy", "imagepolicies");

    /// <summary>Every kind this release knows, in the order in which documents name them.</summary>
    public static readonly IReadOnlyList<ResourceKind> All = [Model, ModelProvider, AccessKey, Secret, Route, Team, LicencePolicy, LicenceAcceptance, ModelDeployment, GpuClass, ImagePolicy];
}

/// <summary>Labels with a meaning of their own.</summary>
public static class WellKnownLabels
{
    /// <summary><c>apphost</c> or <c>builder</c>: the set that this resource is applied and removed with.</summary>
    public const string ManagedBy = "orrery.dev/managed-by";
}
