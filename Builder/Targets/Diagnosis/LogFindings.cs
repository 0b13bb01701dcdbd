using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>What the last lines of a server's log give away about its end.</summary>
/// <param name="Reason">A word for programs.</param>
/// <param name="Message">A sentence with the remedy.</param>
internal sealed record LogFinding(string Reason, string Message);

/// <summary>Texts that servers of models end with, and what helps. The first row that matches counts, so causes stand before their consequences.</summary>
internal static partial class LogFindings
{
    public const string GpuMemory = "GpuOutOfMemory";
    public const string Disk = "NoSpace";
    public const string Argument = "UnknownArgument";
    public const string Port = "PortInUse";
    public const string NoGpu = "NoGpu";
    public const string Network = "NetworkUnreachable";

    /// <summary>So many lines at the end of a log are read for them.</summary>
    public const int Lines = 200;

    private static readonly (string Reason, Regex Text, string Message)[] Table =
    [
        (GpuMemory, CudaMemory, "The GPU's memory is too small for the weights and the cache of keys and values: ask for more or larger GPUs (gpu.count, gpu.type), or lower spec.context or max-num-seqs."),
        (GpuMemory, NoCacheBlocks, "No memory of the GPU is left for the cache of keys and values: lower spec.context, raise gpu-memory-utilization, or ask for more or larger GPUs."),
        (ReplicaReasons.HubRefuses, Gated, "The hub refuses the weights: accept the model's terms there, and name a token that may read it under spec.secrets.HF_TOKEN."),
        (ReplicaReasons.HubRefuses, Unauthorized, "The hub does not know the token (401): name a valid one under spec.secrets.HF_TOKEN."),
        (ReplicaReasons.HubRefuses, Forbidden, "The hub's token may not read the weights (403): give it access to the repository, or name another under spec.secrets.HF_TOKEN."),
        (ReplicaReasons.HubRefuses, NoRepository, "The hub has no such repository or revision: check the model's weights, or name a token that may see them under spec.secrets.HF_TOKEN."),
        (Disk, NoSpace, "No space is left on the disk: make room where the weights are kept, or raise resources.disk."),
        (Argument, UnknownArgument, "The server does not know an argument: take it out of spec.arguments, or write it as this version of the server does."),
        (Port, PortInUse, "The server's port is taken already: another process of the machine, or a second server in the image, listens on it."),
        (NoGpu, GpuMissing, "The server finds no GPU: give the replica one (gpu.count), and check the driver and the container toolkit of its machine."),
        (Network, Unreachable, "The server cannot reach the hub: check name resolution and the proxy of its machine, or fill the cache of weights beforehand and set HF_HUB_OFFLINE=1."),
        (ReplicaReasons.OutOfMemory, HostMemory, "The memory of the replica is too small: raise resources.memory."),
    ];

    /// <param name="lines">The end of the log, oldest first.</param>
    public static LogFinding? Find(IReadOnlyList<string> lines)
    {
        foreach (var (reason, text, message) in Table)
        {
            if (lines.LastOrDefault(line => text.IsMatch(line)) is { } line)
            {
                return new LogFinding(reason, $"{message} It wrote: {Shortened(line)}");
            }
        }

        return null;
    }

    /// <summary>One line, without control characters, not longer than a screen is wide twice.</summary>
    public static string Shortened(string line)
    {
        const int Most = 240;
        var plain = Escapes.Replace(line, "").Trim();
        plain = string.Concat(plain.Where(c => !char.IsControl(c)));
        return plain.Length > Most ? plain[..Most] + "…" : plain;
    }

    [GeneratedRegex(@"CUDA out of memory|CUDA error: out of memory|OutOfMemoryError: (CUDA|HIP)|HIP out of memory|CUBLAS_STATUS_ALLOC_FAILED|Free memory on device .* is less than desired GPU memory utilization", RegexOptions.IgnoreCase)]
    private static partial Regex CudaMemory { get; }

    [GeneratedRegex(@"No available memory for the cache blocks|larger than the maximum number of tokens that can be stored in KV cache|KV cache is needed, which is larger than|Not enough memory\. Please try to increase --mem-fraction-static", RegexOptions.IgnoreCase)]
    private static partial Regex NoCacheBlocks { get; }

    [GeneratedRegex(@"GatedRepoError|Access to model .* is restricted|Cannot access gated repo|awaiting a review from the repo authors", RegexOptions.IgnoreCase)]
    private static partial Regex Gated { get; }

    [GeneratedRegex(@"401 Client Error|HTTP(?: status)?:? 401|status code 401|Invalid user token|Invalid username or password", RegexOptions.IgnoreCase)]
    private static partial Regex Unauthorized { get; }

    [GeneratedRegex(@"403 Client Error|HTTP(?: status)?:? 403|status code 403", RegexOptions.IgnoreCase)]
    private static partial Regex Forbidden { get; }

    [GeneratedRegex(@"RepositoryNotFoundError|RevisionNotFoundError|404 Client Error.*huggingface|is not a local folder and is not a valid model identifier", RegexOptions.IgnoreCase)]
    private static partial Regex NoRepository { get; }

    [GeneratedRegex(@"No space left on device|ENOSPC|Disk quota exceeded|not enough free disk space", RegexOptions.IgnoreCase)]
    private static partial Regex NoSpace { get; }

    [GeneratedRegex(@"unrecognized arguments?:|unrecognized option|unexpected argument '|unknown (?:argument|option|flag)|no such option|invalid choice:", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownArgument { get; }

    [GeneratedRegex(@"address already in use|EADDRINUSE|port \d+ is (?:already )?in use|only one usage of each socket address", RegexOptions.IgnoreCase)]
    private static partial Regex PortInUse { get; }

    [GeneratedRegex(@"No CUDA GPUs are available|Found no NVIDIA driver|Failed to infer device type|CUDA driver version is insufficient|no CUDA-capable device is detected", RegexOptions.IgnoreCase)]
    private static partial Regex GpuMissing { get; }

    [GeneratedRegex(@"LocalEntryNotFoundError|Failed to resolve 'huggingface|Temporary failure in name resolution|Name or service not known|Network is unreachable", RegexOptions.IgnoreCase)]
    private static partial Regex Unreachable { get; }

    [GeneratedRegex(@"^MemoryError\b|Cannot allocate memory|std::bad_alloc|DefaultCPUAllocator: can't allocate memory", RegexOptions.IgnoreCase)]
    private static partial Regex HostMemory { get; }

    [GeneratedRegex(@"\x1b\[[0-9;]*[A-Za-z]")]
    private static partial Regex Escapes { get; }
}
