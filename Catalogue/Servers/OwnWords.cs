using Orrery.Contracts;

namespace Orrery.Catalogue.Servers;

/// <summary>Flags for what an entry says in a field of its own: a flag beside the field would contradict it, and what looks at the field would not see it.</summary>
internal static class OwnWords
{
    /// <summary>Where to say what a flag says; <c>null</c>: nowhere else.</summary>
    /// <remarks>As servers read names: underscores are dashes, and the beginning of a flag stands for it where no other flag has that name.</remarks>
    public static string? Instead(string engine, string written) => Find(engine, written, Fields);

    /// <summary>The same for what the deployment decides, which no entry says at all.</summary>
    public static string? OfDeployment(string engine, string written) => Find(engine, written, DecidedLater);

    /// <summary>Where a deployment says what a flag says; <c>null</c>: the flag is the place for it.</summary>
    public static string? OfBuilder(string server, string written) => Find(server, written, DecidedByBuilder);

    /// <summary>The same for what no entry that is deployed says, whatever its linter thinks: where it is reached, and on what.</summary>
    public static string? OfDeployed(string engine, string written) => Find(engine, written, words => [.. DecidedLater(words), .. Reached, .. Reckoned]);

    /// <summary>The flag whose beginning this is; <c>null</c>: it is known as it stands, or begins none or several.</summary>
    public static string? CutShort(ServerTable table, string written)
    {
        var name = Normal(written);
        return name.Length < 4 || table.Find(name) is not null ? null
            : table.Flags.Keys.Where(flag => Normal(flag).StartsWith(name, StringComparison.Ordinal)).Take(2).ToList() is [var only] ? only : null;
    }

    /// <summary>Whether a flag lets the server run code out of the model's repository.</summary>
    public static bool IsRemoteCode(string? engine, string written) =>
        Find(engine ?? Engines.Vllm, written, static words => [(words.RemoteCode, nameof(words.RemoteCode)), ("--trust-remote-code", nameof(words.RemoteCode))]) is not null;

    private static (string? Flag, string Instead)[] Fields(ServerSpelling words) =>
    [
        (words.Model, "repo"), ("--model", "repo"), (words.Name, "id"), (words.Revision, "revision"), (words.CodeRevision, "revision"), (words.RemoteCode, "remoteCode"), (words.MaxLength, "maxModelLength"),
        (words.ToolParser, "toolParser"), (words.ToolChoice, "toolParser"), (words.ReasoningParser, "reasoningParser"), (words.ChatTemplate, "chatTemplate"), (words.Port, "defaultPort"),
        (words.Host, "nothing: it listens everywhere in its container"), ("--config", "arguments, flag by flag: nobody sees those of a file"),
    ];

    private static (string? Flag, string Instead)[] DecidedLater(ServerSpelling words) =>
    [
        (words.TensorParallel, "the deployment, which knows its GPUs"), (words.Memory, "the deployment, which knows its GPUs"), (words.DataParallel, "expertParallel: their number follows the GPUs"),
        (words.ExpertParallel, "expertParallel"), .. MoreGpus.Select(flag => ((string?)flag, "the deployment, which knows its GPUs")),
    ];

    private static (string? Flag, string Instead)[] DecidedByBuilder(ServerSpelling words) =>
    [
        (words.Model, "spec.model, or in spec.weights for weights of your own"), ("--model", "spec.model, or in spec.weights for weights of your own"),
        (words.Name, "nothing: clients ask for the model's id"), (words.Revision, "spec.weights.revision"), (words.CodeRevision, "spec.weights.revision"),
        ("--tokenizer-revision", "spec.weights.revision"), (words.MaxLength, "spec.context"),
        (words.Port, "the model's defaultPort"), (words.Host, "nothing: it listens everywhere in its container"), ("--config", "spec.arguments, flag by flag: nobody sees those of a file"),
        ("--api-key", "nothing: only the gateway reaches the server, and asks its callers for keys"), .. Reached, .. Reckoned,
        (words.TensorParallel, "spec.gpu.count"), (words.DataParallel, "spec.replicas"), (words.ExpertParallel, "the model's expertParallel, and how many GPUs in spec.gpu.count"),
        .. MoreGpus.Select(flag => ((string?)flag, "spec.gpu.count: a copy is split as its heads allow")),
    ];

    private const string Plain = "nothing: the gateway and the probes reach it without TLS";

    /// <summary>Where the server is reached, and where its weights lie.</summary>
    private static readonly (string? Flag, string Instead)[] Reached =
    [
        ("--uds", "nothing: it is reached on its port"), ("--headless", "nothing: it is reached on its port"), ("--root-path", ElsewherePath), ("--fastapi-root-path", ElsewherePath),
        ("--ssl-keyfile", Plain), ("--ssl-certfile", Plain), ("--download-dir", OnVolume), ("--huggingface-hub-cache", OnVolume), ("--weights-cache-override", OnVolume),
    ];

    private const string ElsewherePath = "spec.probes.path, where it answers elsewhere";
    private const string OnVolume = "nothing: weights are kept on the volume of spec.cache";

    /// <summary>The cache's size, which is reckoned from the share of the memory.</summary>
    private static readonly (string? Flag, string Instead)[] Reckoned =
    [
        ("--kv-cache-memory-bytes", CacheSize), ("--num-gpu-blocks-override", CacheSize), ("--max-total-tokens", CacheSize),
        ("--kv_cache_free_gpu_memory_fraction", CacheSize),
    ];

    private const string CacheSize = "spec.context: the cache is what the memory leaves";

    /// <summary>Further ways to split a copy, which nothing here reckons with.</summary>
    private static readonly string[] MoreGpus =
    [
        "--pipeline-parallel-size", "--decode-context-parallel-size", "--prefill-context-parallel-size", "--pp-size", "--pp_size", "--cp_size", "--nnodes", "--data-parallel-size-local",
        "--dp-size", "--ep-size", "--ep_size", "--attn-cp-size", "--dcp-size", "--moe-dp-size", "--moe-dense-tp-size", "--dwdp-size", "--cluster_size", "--gpus_per_node", "--node-rank", "--sharded",
    ];

    private static string? Find(string engine, string written, Func<ServerSpelling, (string? Flag, string Instead)[]> wordsOf)
    {
        foreach (var table in ServerTables.All.Where(table => table.Server == engine))
        {
            var name = Normal(table.Find(written.ToLowerInvariant())?.Name ?? written);
            var isKnown = table.Find(name) is not null;
            foreach (var (flag, instead) in wordsOf(table.Spelling))
            {
                if (flag is not null && (string[])[Normal(flag), Normal(table.Find(flag)?.Name ?? flag)] is var names
                    && names.Any(word => word == name || (!isKnown && name.Length > 2 && word.StartsWith(name, StringComparison.Ordinal))))
                {
                    return instead;
                }
            }
        }

        return null;
    }

    private static string Normal(string flag) => flag.Replace('_', '-').ToLowerInvariant();
}
