namespace Aspire.Hosting.ApplicationModel;

/// <summary>Which image a container runs.</summary>
public sealed class ContainerImageAnnotation : IResourceAnnotation
{
    /// <summary>The registry; null: the container tool's default.</summary>
    public string? Registry { get; set; }

    /// <summary>The repository.</summary>
    public required string Image { get; set; }

    /// <summary>The tag, unless a digest is given.</summary>
    public string? Tag { get; set; }

    /// <summary>The digest without <c>sha256:</c>, unless a tag is given.</summary>
    public string? SHA256 { get; set; }

    internal string FullName
    {
        get
        {
            var image = Registry is null ? Image : $"{Registry}/{Image}";
            return SHA256 is not null ? $"{image}@sha256:{SHA256}" : $"{image}:{Tag ?? "latest"}";
        }
    }
}

/// <summary>What is mounted.</summary>
public enum ContainerMountType
{
    /// <summary>A folder or file of this machine.</summary>
    BindMount,

    /// <summary>A volume of the container tool.</summary>
    Volume,
}

/// <summary>A mount.</summary>
/// <param name="source">The volume's name or the host's path; null: an anonymous volume.</param>
/// <param name="target">The path inside.</param>
/// <param name="type">What is mounted.</param>
/// <param name="isReadOnly">Whether it cannot be written.</param>
public sealed class ContainerMountAnnotation(string? source, string target, ContainerMountType type, bool isReadOnly) : IResourceAnnotation
{
    /// <summary>The volume's name or the host's path; null: an anonymous volume.</summary>
    public string? Source { get; } = source;

    /// <summary>The path inside.</summary>
    public string Target { get; } = target;

    /// <summary>What is mounted.</summary>
    public ContainerMountType Type { get; } = type;

    /// <summary>Whether it cannot be written.</summary>
    public bool IsReadOnly { get; } = isReadOnly;
}

/// <summary>How long a container lives.</summary>
public enum ContainerLifetime
{
    /// <summary>As long as the run.</summary>
    Session,

    /// <summary>Longer than the run; the bundled host refuses it.</summary>
    Persistent,
}

/// <summary>When an image is fetched.</summary>
public enum ImagePullPolicy
{
    /// <summary>As the container tool does by itself.</summary>
    Default,

    /// <summary>At every start.</summary>
    Always,

    /// <summary>When it is not there.</summary>
    Missing,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>Arguments for the container tool while they are being filled in.</summary>
/// <param name="args">Strings, or anything that is an <see cref="IValueProvider"/>.</param>
/// <param name="cancellationToken">Fires when the host stops.</param>
public sealed class ContainerRuntimeArgsCallbackContext(IList<object> args, CancellationToken cancellationToken = default)
{
    /// <summary>Strings, or anything that is an <see cref="IValueProvider"/>.</summary>
    public IList<object> Args { get; } = args;

    /// <summary>Fires when the host stops.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;
}

/// <summary>Adds arguments for the container tool (<c>podman run …</c>), in front of the image.</summary>
public sealed class ContainerRuntimeArgsCallbackAnnotation(Func<ContainerRuntimeArgsCallbackContext, Task> callback) : IResourceAnnotation
{
    /// <summary>What is called.</summary>
    public Func<ContainerRuntimeArgsCallbackContext, Task> Callback { get; } = callback;
}

/// <summary>What a container is called.</summary>
public sealed class ContainerNameAnnotation : IResourceAnnotation
{
    /// <summary>The name.</summary>
    public required string Name { get; set; }
}

/// <summary>When an image is fetched.</summary>
public sealed class ContainerImagePullPolicyAnnotation : IResourceAnnotation
{
    /// <summary>The policy.</summary>
    public required ImagePullPolicy ImagePullPolicy { get; init; }
}
