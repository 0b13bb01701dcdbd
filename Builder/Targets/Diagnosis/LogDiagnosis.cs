using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>
/// Why a model's server ended, from the last lines that it wrote. The texts are those of PyTorch, CUDA, vLLM, transformers, the hub's client and
/// the C library; where several are there, the first of the table is meant, since others often follow from it.
/// </summary>
internal static partial class LogDiagnosis
{
    private static readonly (Regex Text, Func<Match, Finding> Finding)[] Table =
    [
        (CudaMemory, _ => new(ReplicaReasons.OutOfMemory,
            "The GPU has too little memory for the model with these settings: take a larger gpu.type or more GPUs, a smaller context, a quantised model, or lower gpu-memory-utilization when something else uses the GPU.")),
        (CacheMemory, _ => new(ReplicaReasons.OutOfMemory,
            "The weights fit on the GPU, and the KV cache for the context does not: lower context, or take a larger gpu.type or more GPUs.")),
        (ComputeCapability, match => new(ReplicaReasons.Misconfigured,
            $"The GPU is of a generation that the server or the number format does not support ('{Shorten(match.Value)}'): take a newer gpu.type, another dtype or quantisation, or an image built for this GPU.")),
        (Driver, match => new(ReplicaReasons.Misconfigured,
            $"The node's GPU driver does not fit the image's CUDA ('{Shorten(match.Value)}'): update the driver, or take an image with an older CUDA.")),
        (NoGpu, match => new(ReplicaReasons.Misconfigured,
            $"The server found no GPU ('{Shorten(match.Value)}'): ask for one with gpu.count, and see that the node's device plug-in and the runtimeClass of its GpuClass are right.")),
        (Gated, _ => new(ReplicaReasons.HubRefuses,
            "The hub refuses the repository: it is gated or private. Accept its terms on the hub, and give a token of that account in spec.secrets.HF_TOKEN.")),
        (NoRepository, _ => new(ReplicaReasons.HubRefuses,
            "The hub does not have the repository or revision, or shows it only to a token: check weights.repo and weights.revision, and spec.secrets.HF_TOKEN where it is private.")),
        (HubUnreachable, match => new(ReplicaReasons.Crashes,
            $"The hub could not be reached ('{Shorten(match.Value)}'): allow egress to it (Builder:Kubernetes:Network:Hub), set HTTPS_PROXY or HF_ENDPOINT in spec.environment, or fill the cache and set HF_HUB_OFFLINE=1.")),
        (OfflineMiss, _ => new(ReplicaReasons.Misconfigured,
            "The weights are not in the cache, and HF_HUB_OFFLINE forbids fetching them: fill the cache first, or take the variable out.")),
        (NoSpace, _ => new(ReplicaReasons.Misconfigured,
            "There is no space left on the volume: enlarge the cache's volume, remove models that nobody uses, or raise resources.disk.")),
        (SharedMemory, _ => new(ReplicaReasons.Misconfigured,
            "The processes of the server have too little shared memory (/dev/shm): ask for more than one GPU with gpu.count so that it is given, or start the container with a larger --shm-size.")),
        (Nccl, match => new(ReplicaReasons.Crashes,
            $"The GPUs of the replica cannot talk to each other ('{Shorten(match.Value)}'): set NCCL_DEBUG=INFO in spec.environment to see why; NCCL_P2P_DISABLE=1 helps where the board has no peer access.")),
        (UnknownFlag, match => new(ReplicaReasons.Misconfigured,
            $"The server does not know a flag that it was given ('{Shorten(match.Value)}'): correct spec.arguments, or take an image of a version that has it.")),
        (InvalidFlag, match => new(ReplicaReasons.Misconfigured,
            $"The server refuses the value of a flag ('{Shorten(match.Value)}'): correct spec.arguments.")),
        (UnknownArchitecture, match => new(ReplicaReasons.Misconfigured,
            $"The server's version does not know the model's architecture ('{Shorten(match.Value)}'): take a newer image, or another server.")),
        (RemoteCode, _ => new(ReplicaReasons.Misconfigured,
            "The repository has code of its own, which is only run with trust-remote-code: read that code, then set spec.arguments.trust-remote-code: true.")),
        (PortInUse, _ => new(ReplicaReasons.Misconfigured,
            "The server's port is taken: something else in the container or on the host listens on it. Take another port in spec.arguments.port, or stop the other.")),
        (NoPermission, match => new(ReplicaReasons.Misconfigured,
            $"The server may not write where it wants to ('{Shorten(match.Value)}'): it runs as a user without rights; point its folders (HF_HOME, HOME) below /models, or let the volume belong to its group.")),
        (WrongArchitecture, _ => new(ReplicaReasons.Misconfigured,
            "The image is built for another processor than the node's: build it for this one (--platform), or choose nodes with nodeSelector kubernetes.io/arch.")),
        (NoProgram, match => new(ReplicaReasons.Misconfigured,
            $"The image does not have what it is to start ('{Shorten(match.Value)}'): correct spec.command, or take the image's own.")),
        (Killed, _ => new(ReplicaReasons.OutOfMemory,
            "A process of the server was killed, most likely because memory ran out: raise resources.memory.")),
    ];

    /// <param name="log">The last lines; the newest last.</param>
    /// <returns>null: nothing that is known.</returns>
    public static Finding? Read(string log)
    {
        foreach (var (text, finding) in Table)
        {
            if (text.Match(log) is { Success: true } match)
            {
                return finding(match);
            }
        }

        return null;
    }

    /// <summary>The line that most likely says why, for what the table does not know.</summary>
    public static string? LastWord(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.LastOrDefault(line => ErrorLine.IsMatch(line)) ?? lines.LastOrDefault();
        return line is null ? null : Shorten(Secretive.Replace(line, "$1…"));
    }

    private static string Shorten(string text)
    {
        var line = Secretive.Replace(text.ReplaceLineEndings(" ").Trim(), "$1…");
        return line.Length > 160 ? line[..160] + "…" : line;
    }

    [GeneratedRegex(@"CUDA out of memory|CUDA error: out of memory|torch\.OutOfMemoryError|HIP out of memory|Free memory on device .{0,160}is less than desired|CUBLAS_STATUS_ALLOC_FAILED|cudaMalloc failed: out of memory", RegexOptions.IgnoreCase)]
    private static partial Regex CudaMemory { get; }

    [GeneratedRegex(@"No available memory for the cache blocks|larger than the (maximum number of tokens|available KV cache memory)|larger than the maximum number of tokens that can be stored in KV cache|KV cache is needed, which is larger", RegexOptions.IgnoreCase)]
    private static partial Regex CacheMemory { get; }

    [GeneratedRegex(@"[^\n]{0,60}(compute capability|no kernel image is available for execution on the device|sm_\d+ is not compatible|requires (GPUs? with )?(compute )?capability)[^\n]{0,80}", RegexOptions.IgnoreCase)]
    private static partial Regex ComputeCapability { get; }

    [GeneratedRegex(@"(CUDA driver version is insufficient for CUDA runtime version|The NVIDIA driver on your system is too old|forward compatibility was attempted on non supported HW|unsatisfied condition: cuda[^\n]{0,40})", RegexOptions.IgnoreCase)]
    private static partial Regex Driver { get; }

    [GeneratedRegex(@"(Failed to infer device type|no CUDA-capable device is detected|Found no NVIDIA driver on your system|No CUDA GPUs are available|Torch not compiled with CUDA enabled|libcuda\.so\.1: cannot open shared object file|HIP error: no ROCm-capable device)", RegexOptions.IgnoreCase)]
    private static partial Regex NoGpu { get; }

    [GeneratedRegex(@"GatedRepoError|Cannot access gated repo|Access to model [^\n]{1,120} is restricted|awaiting a review from the repo authors|40[13] Client Error[^\n]{0,200}huggingface|You are trying to access a gated repo|Invalid (user token|username or password)", RegexOptions.IgnoreCase)]
    private static partial Regex Gated { get; }

    [GeneratedRegex(@"RepositoryNotFoundError|RevisionNotFoundError|is not a local folder and is not a valid model identifier|404 Client Error[^\n]{0,200}huggingface", RegexOptions.IgnoreCase)]
    private static partial Regex NoRepository { get; }

    [GeneratedRegex(@"(Failed to resolve '[^'\n]{1,100}'|Temporary failure in name resolution|We couldn't connect to '?https?://[^\s']{1,100}|Max retries exceeded with url: [^\s]{1,80}|(?:Connect(?:ion)?|Read)(?:TimeoutError|Timeout)[^\n]{0,60}huggingface[^\n]{0,40})", RegexOptions.IgnoreCase)]
    private static partial Regex HubUnreachable { get; }

    [GeneratedRegex(@"OfflineModeIsEnabled|LocalEntryNotFoundError|outgoing traffic has been disabled", RegexOptions.IgnoreCase)]
    private static partial Regex OfflineMiss { get; }

    [GeneratedRegex(@"No space left on device|\[Errno 28\]|Disk quota exceeded|Not enough free disk space", RegexOptions.IgnoreCase)]
    private static partial Regex NoSpace { get; }

    [GeneratedRegex(@"insufficient shared memory|unable to (open|allocate|write to) (shared memory|file </torch_)|Error while creating shared memory segment|/dev/shm[^\n]{0,60}(too small|No space)|Bus error", RegexOptions.IgnoreCase)]
    private static partial Regex SharedMemory { get; }

    [GeneratedRegex(@"(NCCL error[^\n]{0,100}|ncclSystemError[^\n]{0,80}|ncclUnhandledCudaError[^\n]{0,80}|ncclInternalError[^\n]{0,80})", RegexOptions.IgnoreCase)]
    private static partial Regex Nccl { get; }

    [GeneratedRegex(@"(unrecognized arguments?: [^\n]{1,120}|unknown (flag|option|argument):? [^\n]{1,100}|unexpected argument '[^'\n]{1,80}' found|no such option: [^\n]{1,80})", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownFlag { get; }

    [GeneratedRegex(@"(error: argument [^\n]{1,140}|invalid value '[^'\n]{1,60}' for '[^'\n]{1,60}')", RegexOptions.IgnoreCase)]
    private static partial Regex InvalidFlag { get; }

    [GeneratedRegex(@"(Model architectures \[[^\]\n]{1,80}\] (are not supported|failed to be inspected)|does not recognize this architecture|model type `?[\w.-]{1,60}`? but Transformers does not recognize)", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownArchitecture { get; }

    [GeneratedRegex(@"trust_remote_code=True|contains custom code which must be executed", RegexOptions.IgnoreCase)]
    private static partial Regex RemoteCode { get; }

    [GeneratedRegex(@"address already in use|\[Errno 98\]|EADDRINUSE", RegexOptions.IgnoreCase)]
    private static partial Regex PortInUse { get; }

    [GeneratedRegex(@"(PermissionError[^\n]{0,120}|\[Errno 13\][^\n]{0,100}|Read-only file system[^\n]{0,80})", RegexOptions.IgnoreCase)]
    private static partial Regex NoPermission { get; }

    [GeneratedRegex(@"exec format error", RegexOptions.IgnoreCase)]
    private static partial Regex WrongArchitecture { get; }

    [GeneratedRegex(@"(exec: ""?[^\s""]{1,80}""?: (executable file not found in \$PATH|stat [^\n]{1,80}|no such file or directory)|executable file `?[^`\n]{1,60}`? not found|[\w./-]{1,60}: command not found|No module named [^\n]{1,60})", RegexOptions.IgnoreCase)]
    private static partial Regex NoProgram { get; }

    [GeneratedRegex(@"died with <Signals\.SIGKILL|exit code:? -9\b|signal 9 \(SIGKILL\)|^Killed$", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Killed { get; }

    [GeneratedRegex(@"\b(error|exception|fatal|panic|failed|cannot)\b|Error:", RegexOptions.IgnoreCase)]
    private static partial Regex ErrorLine { get; }

    // Tokens of the hub, of access keys, and what follows a word that announces one.
    [GeneratedRegex(@"((?:token|password|secret|api[_-]?key|authorization)[""']?\s*[:=]\s*(?:bearer\s+)?[""']?|\bhf_|\bork_|\bsk-)[^\s""',]{6,}", RegexOptions.IgnoreCase)]
    private static partial Regex Secretive { get; }
}
