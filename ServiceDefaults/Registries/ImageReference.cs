using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>An image's name as the distribution specification writes it: <c>[registry/]repository[:tag][@digest]</c>.</summary>
/// <param name="Registry"><c>null</c> where none is written: Docker Hub.</param>
public sealed record ImageReference(string? Registry, string Repository, string? Tag, string? Digest)
{
    private const int MaxNameLength = 255;
    private const int MaxTagLength = 128;

    public const string Expectation = "an image such as registry.example.com/team/image:1.2 or image@sha256:…: the repository in small letters, "
        + "a tag of at most 128 letters, digits, '_', '.' and '-', a digest with 64 digits";

    private const string DockerHub = "docker.io";

    /// <summary>The same with all that is understood written out: <c>python</c> is <c>docker.io/library/python:latest</c>.</summary>
    public ImageReference Normalised => this with
    {
        Registry = IsOnDockerHub ? DockerHub : Registry,
        Repository = IsOnDockerHub && !Repository.Contains('/', StringComparison.Ordinal) ? "library/" + Repository : Repository,
        Tag = Tag ?? (Digest is null ? "latest" : null),
    };

    private bool IsOnDockerHub => Registry is null or DockerHub or "index." + DockerHub;

    /// <summary><c>null</c> where it is none.</summary>
    public static ImageReference? Parse(string text) => Parse(text, out _);

    /// <param name="fault">What is wrong with it, as a sentence without its dot; <c>null</c> where nothing is.</param>
    public static ImageReference? Parse(string text, out string? fault)
    {
        var (name, digest) = Cut(text, text.IndexOf('@', StringComparison.Ordinal));
        var colon = name.LastIndexOf(':');
        (name, var tag) = Cut(name, colon > name.LastIndexOf('/') ? colon : -1);
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var registry = slash > 0 && IsRegistry(name[..slash]) ? name[..slash] : null;
        var repository = registry is null ? name : name[(slash + 1)..];
        fault = text.Contains("://", StringComparison.Ordinal) ? "it begins like a URL: an image has no scheme"
            : name.Length == 0 ? "it names no repository"
            : name.Length > MaxNameLength ? $"its name has {name.Length} characters, and {MaxNameLength} are the most"
            : registry is not null && !IsHost(registry) ? $"'{Shown(registry)}' is no registry: a host's name or address, with :PORT or without"
            : FaultOf(repository) ?? FaultOfTag(tag) ?? (IsDigest(digest) ? null : $"'{Shown(digest!)}' is no digest: sha256: and 64 hexadecimal digits in small letters");
        return fault is null ? new ImageReference(registry, repository, tag, digest) : null;
    }

    public override string ToString() =>
        (Registry is null ? "" : Registry + "/") + Repository + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    private static string? FaultOf(string repository) => repository.Split('/').FirstOrDefault(part => !IsPathComponent(part)) switch
    {
        null => null,
        "" => "there is nothing before, after or between its slashes",
        var part when part.Any(char.IsAsciiLetterUpper) => $"'{Shown(part)}' has capital letters, and a repository is written in small ones",
        var part => $"'{Shown(part)}' is no part of a repository: small letters and digits, with '.', '_', '__' or dashes between them",
    };

    private static string? FaultOfTag(string? tag) => tag switch
    {
        null => null,
        "" => "there is no tag after its ':'",
        { Length: > MaxTagLength } => $"its tag has {tag.Length} characters, and {MaxTagLength} are the most",
        _ => IsTag(tag) ? null : $"'{Shown(tag)}' is no tag: letters, digits, '_', '.' and '-', beginning with none of the last two",
    };

    private static string Shown(string part) => part.Cut(80, "…");

    private static (string, string?) Cut(string text, int at) => at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);

    /// <summary>Docker's rule: <c>team/image</c> is on Docker Hub, <c>localhost/image</c>, <c>host:5000/image</c> and <c>example.com/image</c> are not.</summary>
    private static bool IsRegistry(string first) => first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" || first.Any(char.IsAsciiLetterUpper);

    private static bool IsHost(string host)
    {
        if (host.StartsWith('['))
        {
            var end = host.IndexOf(']', StringComparison.Ordinal);
            return end > 1 && host[1..end].All(sign => char.IsAsciiHexDigit(sign) || sign == ':') && IsPort(host[(end + 1)..]);
        }

        var colon = host.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? host : host[..colon];
        return IsPort(colon < 0 ? "" : host[colon..])
            && name.Split('.').All(part => part.Length > 0 && part[0] != '-' && part[^1] != '-' && part.All(sign => char.IsAsciiLetterOrDigit(sign) || sign == '-'));
    }

    private static bool IsPort(string text) => text.Length == 0 || (text[0] == ':' && text.Length is > 1 and <= 6 && text.Skip(1).All(char.IsAsciiDigit));

    /// <summary>Small letters and digits with '.', '_', '__' or any number of '-' between them.</summary>
    private static bool IsPathComponent(string part)
    {
        if (part.Length == 0 || !IsLetterOrDigit(part[0]) || !IsLetterOrDigit(part[^1]))
        {
            return false;
        }

        for (var i = 0; i < part.Length;)
        {
            var end = i + 1;
            while (end < part.Length && !IsLetterOrDigit(part[i]) && part[end] == part[i])
            {
                end++;
            }

            var isSeparator = part[i] == '-' || (part[i] == '_' && end - i <= 2) || (part[i] == '.' && end - i == 1);
            if (!IsLetterOrDigit(part[i]) && !(isSeparator && IsLetterOrDigit(part[end])))
            {
                return false;
            }

            i = end;
        }

        return true;
    }

    private static bool IsLetterOrDigit(char sign) => char.IsAsciiLetterLower(sign) || char.IsAsciiDigit(sign);

    private static bool IsTag(string tag) => tag[0] is not ('.' or '-') && tag.All(sign => char.IsAsciiLetterOrDigit(sign) || sign is '_' or '.' or '-');

    private static bool IsDigest(string? digest)
    {
        if (digest is null)
        {
            return true;
        }

        var (algorithm, hex) = Cut(digest, digest.IndexOf(':', StringComparison.Ordinal));
        var expected = algorithm switch { "sha256" => 64, "sha384" => 96, "sha512" => 128, _ => 0 };
        return hex is not null && hex.Length == expected && hex.All(sign => char.IsAsciiDigit(sign) || sign is >= 'a' and <= 'f');
    }
}
