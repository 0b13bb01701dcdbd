using System.Text.Json.Serialization;

namespace Orrery.Catalogue.Pins;

/// <summary>What a name meant when it was asked for, kept for a namespace: from then on it means that there.</summary>
/// <param name="Reference">As it is written: <c>Qwen/Qwen3-8B@main</c>, <c>vllm/vllm-openai:v0.16.0</c>.</param>
/// <param name="Number">1, and one more with each renewal that found something else.</param>
/// <param name="Value">The commit, or the digest.</param>
/// <param name="Facts">Of a revision, where they were asked for.</param>
internal sealed record Pin(string Kind, string Reference, int Number, string Value, RevisionFacts? Facts, string By, DateTimeOffset At);

internal static class PinKinds
{
    /// <summary>A repository's branch or tag; its value is a commit.</summary>
    public const string Revision = "revision";

    /// <summary>An image's tag; its value is a digest.</summary>
    public const string Image = "image";
}

/// <summary>Who says what a reference means.</summary>
internal static class PinSources
{
    /// <summary>The entry itself, or the table of its server.</summary>
    public const string Entry = "entry";

    /// <summary>It was asked for just now.</summary>
    public const string Resolved = "resolved";

    /// <summary>It was asked for before.</summary>
    public const string Kept = "kept";
}

/// <summary>What the hub says of a commit.</summary>
/// <param name="Gated">Whether terms must be accepted before anything is downloaded: <c>auto</c> and <c>manual</c> say who lets in; absent: no.</param>
internal sealed record RevisionFacts(string? Gated, IReadOnlyList<RepositoryFile> Files);

/// <param name="Sha256">Of files that are kept as large ones, the weights above all.</param>
internal sealed record RepositoryFile(string Path, long? Size, string? Sha256);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RevisionFacts))]
[JsonSerializable(typeof(HubRevision))]
internal sealed partial class PinsJson : JsonSerializerContext;
