using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>Why an image could not be pulled, from what containerd, CRI-O, podman or docker say of it.</summary>
internal static partial class ImageDiagnosis
{
    /// <summary>The reason of failures that pass by themselves.</summary>
    public const string Passing = "ErrImagePull";

    /// <param name="image">As it was asked for.</param>
    /// <param name="message">What the runtime says.</param>
    public static Finding Read(string image, string message)
    {
        var registry = RegistryOf(image);
        return message switch
        {
            _ when RateLimit.IsMatch(message) => new(Passing,
                $"The registry {registry} limits how often images are pulled; it is tried again. Pull with an account (the namespace's Secret registries), or through a mirror of your own."),
            _ when NoPlatform.IsMatch(message) => new(ReplicaReasons.NoImage,
                $"The image {image} is not there for the node's processor: build it for this one, or choose nodes with nodeSelector kubernetes.io/arch."),
            _ when Missing.IsMatch(message) => new(ReplicaReasons.NoImage, $"The registry {registry} has no image {image}: check name, tag and digest, and whether it was pushed."),
            _ when Refused.IsMatch(message) => new(ReplicaReasons.NoImage,
                $"The registry {registry} does not show the image {image} without other credentials: check its name, and put credentials into the namespace's Secret registries, or name one of the cluster in Builder:Kubernetes:ImagePullSecrets."),
            _ when Invalid.IsMatch(message) => new(ReplicaReasons.NoImage, $"'{image}' is no image reference: write registry/name:tag or registry/name@sha256:… in lower case."),
            _ when PlainHttp.IsMatch(message) => new(ReplicaReasons.NoImage,
                $"The registry {registry} speaks plain HTTP, and the node wants TLS: give it a certificate, or list it as insecure in the node's container runtime."),
            _ when Tls.IsMatch(message) => new(ReplicaReasons.NoImage,
                $"The node does not trust the certificate of the registry {registry}: add its authority to the node's container runtime, or renew the certificate."),
            _ when NoHost.IsMatch(message) => new(Passing, $"The node cannot resolve the name of the registry {registry}; it is tried again. Is the name right, and does the node's own DNS know it?"),
            _ when NoSpace.IsMatch(message) => new(Passing, $"The node has no space left for the image {image}; it is tried again. Enlarge its disk or remove images that nobody uses."),
            _ when Unreachable.IsMatch(message) => new(Passing, $"The node cannot reach the registry {registry}; it is tried again. Do a firewall and the node's proxy settings let it through?"),
            _ => new(Passing, $"The image {image} could not be pulled ({Shorten(message)}); it is tried again."),
        };
    }

    /// <summary>The host of a reference; Docker Hub where it has none.</summary>
    public static string RegistryOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var head = slash < 0 ? "" : image[..slash];
        return head.Contains('.', StringComparison.Ordinal) || head.Contains(':', StringComparison.Ordinal) || head == "localhost" ? head : "docker.io";
    }

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return line.Length > 200 ? line[..200] + "…" : line.Length == 0 ? "no reason given" : line;
    }

    [GeneratedRegex(@"toomanyrequests|too many requests|\b429\b|pull rate limit", RegexOptions.IgnoreCase)]
    private static partial Regex RateLimit { get; }

    [GeneratedRegex(@"no match for platform|no matching manifest|no image found in (manifest list|image index) for architecture", RegexOptions.IgnoreCase)]
    private static partial Regex NoPlatform { get; }

    [GeneratedRegex(@"manifest unknown|name unknown|not found|\b404\b|does not exist(?! or may require)", RegexOptions.IgnoreCase)]
    private static partial Regex Missing { get; }

    [GeneratedRegex(@"unauthorized|authentication required|\b401\b|\b403\b|forbidden|denied|may require 'docker login'|no basic auth credentials", RegexOptions.IgnoreCase)]
    private static partial Regex Refused { get; }

    [GeneratedRegex(@"InvalidImageName|couldn't parse image|invalid reference format|repository name must be lowercase", RegexOptions.IgnoreCase)]
    private static partial Regex Invalid { get; }

    [GeneratedRegex(@"server gave HTTP response to HTTPS client", RegexOptions.IgnoreCase)]
    private static partial Regex PlainHttp { get; }

    [GeneratedRegex(@"x509|tls: |certificate", RegexOptions.IgnoreCase)]
    private static partial Regex Tls { get; }

    [GeneratedRegex(@"no such host|name resolution|server misbehaving|lookup [^\s]+ on", RegexOptions.IgnoreCase)]
    private static partial Regex NoHost { get; }

    [GeneratedRegex(@"no space left", RegexOptions.IgnoreCase)]
    private static partial Regex NoSpace { get; }

    [GeneratedRegex(@"i/o timeout|connection refused|connection reset|deadline exceeded|network is unreachable|no route to host|TLS handshake timeout|context canceled|unexpected EOF", RegexOptions.IgnoreCase)]
    private static partial Regex Unreachable { get; }
}
