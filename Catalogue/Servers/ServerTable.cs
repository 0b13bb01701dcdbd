using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Servers;

/// <summary>What a version of a model server is started with: its image, its flags and their values. One file of <c>Servers/Tables/</c>.</summary>
internal sealed record ServerTable
{
    /// <summary>The name that entries use: <c>vllm</c>, <c>sglang</c>, <c>whisper</c>.</summary>
    public required string Server { get; init; }

    public required string Version { get; init; }

    /// <summary>Whether images are built from it. Exactly one version of a server is; others are there to see what an upgrade would break.</summary>
    public bool Current { get; init; }

    public required string Image { get; init; }

    /// <summary>The image's digest, where it is known.</summary>
    public string? Digest { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Where the facts were read.</summary>
    public string? Source { get; init; }

    /// <summary>What our own words are called here.</summary>
    public required ServerSpelling Spelling { get; init; }

    /// <summary>The path that answers 200 once the server is ready.</summary>
    public string Health { get; init => field = value ?? "/health"; } = "/health";

    /// <summary>Flags that each start has.</summary>
    public IReadOnlyDictionary<string, System.Text.Json.JsonElement>? Always { get; init; }

    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Whether each flag can be said by a variable too: <c>MODEL_ID</c> for <c>--model-id</c>.</summary>
    public bool FlagsAreVariables { get; init; }

    /// <summary>Python packages that the image is made with, where it is not the server's own.</summary>
    public IReadOnlyList<string>? Packages { get; init; }

    public IReadOnlyList<string>? SystemPackages { get; init; }

    /// <summary>How the image installs packages.</summary>
    public string Installer { get; init => field = value ?? "pip install --no-cache-dir"; } = "pip install --no-cache-dir";

    /// <summary>What is different for models that run on the CPU.</summary>
    public CpuImage? Cpu { get; init; }

    /// <summary>The folder of <c>Engines/Servers/</c> whose program the image holds, where it is ours.</summary>
    public string? Program { get; init; }

    public required IReadOnlyDictionary<string, ServerFlag> Flags { get; init; }

    /// <summary>Flags that older documents show and this version refuses.</summary>
    public IReadOnlyDictionary<string, RemovedFlag>? Removed { get; init; }

    public IReadOnlyList<string>? ToolParsers { get; init; }

    public IReadOnlyList<string>? ReasoningParsers { get; init; }

    private FrozenDictionary<string, (string Name, ServerFlag Flag)> ByName => field ??= Flags
        .SelectMany(pair => new[] { pair.Key, pair.Value.Negated ? $"--no-{pair.Key[2..]}" : pair.Key }.Select(name => (Name: name.Replace('_', '-'), Pair: pair)))
        .DistinctBy(named => named.Name).ToFrozenDictionary(named => named.Name, named => (named.Pair.Key, named.Pair.Value), StringComparer.Ordinal);

    private FrozenDictionary<string, (string Name, ServerFlag Flag)> ByAlias => field ??= Flags
        .SelectMany(pair => (pair.Value.Aliases ?? []).Select(alias => (Alias: alias, Pair: pair)))
        .DistinctBy(named => named.Alias).ToFrozenDictionary(named => named.Alias, named => (named.Pair.Key, named.Pair.Value), StringComparer.Ordinal);

    /// <summary>A flag by its name, by an alias, or by its negation; underscores are dashes.</summary>
    public (string Name, ServerFlag Flag)? Find(string written) =>
        ByName.TryGetValue(written.Replace('_', '-'), out var named) ? named
        : ByAlias.TryGetValue(written, out var aliased) ? aliased
        : null;
}

/// <summary>The server's names for what every entry says.</summary>
/// <param name="Model">The flag that names the model; absent: it is the first argument.</param>
internal sealed record ServerSpelling(
    string? Model = null,
    string? Name = null,
    string? Host = null,
    string? Port = null,
    string? Revision = null,
    string? CodeRevision = null,
    string? RemoteCode = null,
    string? MaxLength = null,
    string? TensorParallel = null,
    string? ToolParser = null,
    string? ToolChoice = null,
    string? ReasoningParser = null,
    string? ChatTemplate = null,
    string? Memory = null,
    string? DataParallel = null,
    string? ExpertParallel = null,
    string? MaxRequests = null);

/// <summary>An image without a GPU's libraries.</summary>
/// <param name="Index">A further index of packages, for builds without CUDA.</param>
internal sealed record CpuImage(string Image, string? Digest = null, IReadOnlyList<string>? Packages = null, string? Index = null);

/// <param name="Type">One of <see cref="FlagTypes"/>.</param>
/// <param name="Negated">Whether <c>--no-NAME</c> is there as well.</param>
internal sealed record ServerFlag(string Type, IReadOnlyList<string>? Values = null, IReadOnlyList<string>? Aliases = null, bool Negated = false);

/// <param name="Since">The first version without it.</param>
/// <param name="Use">What does its work now.</param>
internal sealed record RemovedFlag(string? Since = null, string? Use = null);

internal static class FlagTypes
{
    public const string Boolean = "boolean";
    public const string Int = "int";
    public const string Float = "float";
    public const string Text = "text";
    public const string Choice = "choice";
    public const string Json = "json";
    public const string List = "list";
    public const string Size = "size";
    public const string Pairs = "pairs";
}

/// <summary>All tables that come with the service.</summary>
internal static class ServerTables
{
    private static readonly Lazy<IReadOnlyList<ServerTable>> Tables = new(() => [.. EmbeddedYaml.In("Servers/Tables").Select(path => EmbeddedYaml.Read(path, ServersJson.Default.ServerTable))]);

    private static readonly Lazy<FrozenDictionary<string, ServerTable>> ByServer = new(() => Tables.Value.Where(table => table.Current).ToFrozenDictionary(table => table.Server));

    public static IReadOnlyList<ServerTable> All => Tables.Value;

    /// <summary>The version that images are built from.</summary>
    public static ServerTable? Current(string server) => ByServer.Value.GetValueOrDefault(server);

    /// <summary>Other versions of a server, to see what an upgrade would break.</summary>
    public static IEnumerable<ServerTable> Others(string server) => All.Where(table => table.Server == server && !table.Current);
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ServerTable))]
internal sealed partial class ServersJson : JsonSerializerContext;
