namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>Anything that has an API version and a kind.</summary>
/// <param name="apiVersion">For example <c>apps/v1</c>.</param>
/// <param name="kind">For example <c>Deployment</c>.</param>
public abstract class BaseKubernetesObject(string? apiVersion = null, string? kind = null)
{
    /// <summary>For example <c>apps/v1</c>.</summary>
    public string? ApiVersion { get; set; } = apiVersion;

    /// <summary>For example <c>Deployment</c>.</summary>
    public string? Kind { get; set; } = kind;
}

/// <summary>
/// An object of the Kubernetes API. A subclass of one's own needs only properties: they are written in the order of their
/// declaration, in camel case, without those that are null or empty.
/// </summary>
public abstract class BaseKubernetesResource(string apiVersion, string kind) : BaseKubernetesObject(apiVersion, kind)
{
    /// <summary>Name, labels and annotations.</summary>
    public ObjectMetaV1 Metadata { get; set; } = new();
}

/// <summary>What every object says of itself.</summary>
public sealed class ObjectMetaV1
{
    /// <summary>The object's name, unique in its kind and namespace.</summary>
    public string Name { get; set; } = null!;

    /// <summary>By which objects are selected.</summary>
    public Dictionary<string, string> Labels { get; set; } = [];

    /// <summary>What tools note.</summary>
    public Dictionary<string, string> Annotations { get; } = [];
}

/// <summary>Which objects are meant.</summary>
public sealed class LabelSelectorV1
{
    /// <summary>Labels that all must match.</summary>
    public Dictionary<string, string> MatchLabels { get; set; } = [];
}
