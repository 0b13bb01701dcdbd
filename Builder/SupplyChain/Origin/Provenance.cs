using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Builder.SupplyChain.Origin;

/// <summary>What is known of how an image was built.</summary>
internal sealed record BuildFacts
{
    /// <summary>Of the Dockerfile's text: <c>sha256:…</c>.</summary>
    public required string DockerfileDigest { get; init; }

    /// <summary>The catalogue's entry, or the model, that the image is for.</summary>
    public required string Entry { get; init; }

    /// <summary>Of the Dockerfile's stages; <c>null</c>: the last.</summary>
    public string? Target { get; init; }

    /// <summary>Such as <c>linux/amd64</c>.</summary>
    public string? Platform { get; init; }

    /// <summary>Build arguments, of which none may be a secret: they are published.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    /// <summary>What the Builder chose by itself: the tool, its version.</summary>
    public IReadOnlyDictionary<string, string> Chosen { get; init; } = new Dictionary<string, string>();

    /// <summary>Images that it began with: reference and digest.</summary>
    public IReadOnlyList<(string Image, string Digest)> Bases { get; init; } = [];

    /// <summary>Files that went into it: name and digest.</summary>
    public IReadOnlyList<(string Name, string Digest)> Files { get; init; } = [];

    /// <summary>This Builder, as a URL.</summary>
    public required string BuilderId { get; init; }

    public string? BuilderVersion { get; init; }

    /// <summary>Of this build, and of no other.</summary>
    public required string InvocationId { get; init; }

    public required DateTimeOffset StartedOn { get; init; }

    public required DateTimeOffset FinishedOn { get; init; }
}

/// <summary>A statement of how an image came about (in-toto Statement v1 with the predicate SLSA Provenance v1).</summary>
internal static class Provenance
{
    public const string MediaType = "application/vnd.in-toto+json";
    public const string PredicateType = "https://slsa.dev/provenance/v1";

    /// <summary>What the parameters mean: docs/supply-chain.md, "Provenance".</summary>
    public const string BuildType = "https://orrery.dev/build-types/dockerfile/v1";

    private const string StatementType = "https://in-toto.io/Statement/v1";

    /// <summary>Without escapes that only pages need.</summary>
    internal static readonly ProvenanceJson Json = new(new JsonSerializerOptions(ProvenanceJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <param name="name">Registry and repository.</param>
    /// <param name="digest">Of the image.</param>
    public static byte[] Write(string name, string digest, BuildFacts build) => JsonSerializer.SerializeToUtf8Bytes(
        new Statement(
            StatementType,
            [new Resource { Name = name, Digest = DigestOf(digest) }],
            PredicateType,
            new Predicate(
                new BuildDefinition(
                    BuildType,
                    new External(DigestOf(build.DockerfileDigest), build.Entry, build.Target, build.Platform, Sorted(build.Arguments)),
                    Sorted(build.Chosen),
                    [
                        .. build.Bases.Select(image => new Resource { Uri = UriOf(image), Digest = DigestOf(image.Digest) }),
                        .. build.Files.Select(file => new Resource { Name = file.Name, Digest = DigestOf(file.Digest) }),
                    ]),
                new RunDetails(
                    new Maker(build.BuilderId, build.BuilderVersion is { } version ? new SortedDictionary<string, string> { ["orrery"] = version } : null),
                    new Run(build.InvocationId, Time(build.StartedOn), Time(build.FinishedOn))))),
        Json.Statement);

    private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> values) => new(values.ToDictionary(), StringComparer.Ordinal);

    private static SortedDictionary<string, string> DigestOf(string digest) =>
        digest.Split(':', 2) is [var algorithm, var hex] ? new SortedDictionary<string, string> { [algorithm] = hex } : throw new ArgumentException($"'{digest}' is no digest.", nameof(digest));

    private static string UriOf((string Image, string Digest) image) => $"docker://{image.Image}{(image.Image.Contains('@', StringComparison.Ordinal) ? "" : "@" + image.Digest)}";

    private static string Time(DateTimeOffset time) => FormattableString.Invariant($"{time.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss'Z'}");

    internal sealed record Statement([property: JsonPropertyName("_type")] string Type, IReadOnlyList<Resource> Subject, string PredicateType, Predicate Predicate);

    internal sealed record Resource
    {
        public string? Name { get; init; }

        public string? Uri { get; init; }

        public SortedDictionary<string, string>? Digest { get; init; }
    }

    internal sealed record Predicate(BuildDefinition BuildDefinition, RunDetails RunDetails);

    internal sealed record BuildDefinition(string BuildType, External ExternalParameters, SortedDictionary<string, string> InternalParameters, IReadOnlyList<Resource> ResolvedDependencies);

    internal sealed record External(SortedDictionary<string, string> Dockerfile, string Entry, string? Target, string? Platform, SortedDictionary<string, string> Arguments);

    internal sealed record RunDetails(Maker Builder, Run Metadata);

    internal sealed record Maker(string Id, SortedDictionary<string, string>? Version);

    internal sealed record Run(string InvocationId, string StartedOn, string FinishedOn);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Provenance.Statement))]
[JsonSerializable(typeof(Envelope))]
internal sealed partial class ProvenanceJson : JsonSerializerContext;
