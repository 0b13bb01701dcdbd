using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>What the last lines of a server's log give away about its end.</summary>
/// <param name="Reason">A word for programs, as exact as can be told.</param>
/// <param name="Kind">The same as one of <see cref="ReplicaReasons"/>.</param>
/// <param name="What">What is wrong, without its dot.</param>
/// <param name="Remedy">What helps.</param>
/// <param name="Line">The line that says so.</param>
/// <param name="Words">Those of the line that say what exactly; absent where that adds nothing.</param>
internal sealed record LogFinding(string Reason, string Kind, string What, string Remedy, string Line, string? Words)
{
    /// <summary>In short, with the words that count.</summary>
    public Finding ToFinding() => new(Kind, $"{What}{(Words is null ? "" : $" ('{LogText.Shortened(Words, 160)}')")}: {Remedy}");

    /// <summary>With the whole line.</summary>
    public string MessageWithLine => $"{What}: {Remedy} It wrote: {LogText.Shortened(Line)}";
}

/// <summary>
/// Why a model's server ended, from the last lines that it wrote. The texts are those of PyTorch, CUDA, vLLM, transformers, the hub's client and
/// the C library; where several are there, the first of the table is meant, since others often follow from it.
/// </summary>
internal static partial class LogDiagnosis
{
    public const string GpuMemory = "GpuOutOfMemory";
    public const string Disk = "NoSpace";
    public const string Argument = "UnknownArgument";
    public const string Port = "PortInUse";
    public const string NoGpu = "NoGpu";
    public const string Network = "NetworkUnreachable";

    /// <summary>So many lines at the end of a log are read.</summary>
    public const int Lines = 200;

    private static readonly Row[] Table =
    [
        new(CudaMemory, ReplicaReasons.OutOfMemory, "The GPU's memory is too small for the weights and the cache of keys and values with these settings",
            "take a larger gpu.type or more GPUs (gpu.count), a smaller context (spec.context) or max-num-seqs, a quantised model, or lower gpu-memory-utilization when something else uses the GPU.", GpuMemory),
        new(CacheMemory, ReplicaReasons.OutOfMemory, "The weights fit on the GPU, and the KV cache for the context does not",
            "lower context (spec.context), raise gpu-memory-utilization, or take a larger gpu.type or more GPUs (gpu.count).", GpuMemory),
        new(ComputeCapability, ReplicaReasons.Misconfigured, "The GPU is of a generation that the server or the number format does not support",
            "take a newer gpu.type, another dtype or quantisation, or an image built for this GPU.", Quotes: true),
        new(Driver, ReplicaReasons.Misconfigured, "The machine's GPU driver does not fit the image's CUDA",
            "update the driver, or take an image with an older CUDA.", Quotes: true),
        new(GpuMissing, ReplicaReasons.Misconfigured, "The server found no GPU",
            "ask for one with gpu.count, and see that its machine has the driver and the container toolkit, or on Kubernetes that the node's device plug-in and the runtimeClass of its GpuClass are right.", NoGpu, Quotes: true),
        new(Gated, ReplicaReasons.HubRefuses, "The hub refuses the repository",
            "it is gated or private. Accept its terms on the hub, and name a token of that account, which may read it, under spec.secrets.HF_TOKEN."),
        new(NoRepository, ReplicaReasons.HubRefuses, "The hub does not have the repository or revision, or shows it only to a token",
            "check weights.repo and weights.revision, and name a token that may see it under spec.secrets.HF_TOKEN where it is private."),
        new(Unauthorized, ReplicaReasons.HubRefuses, "The hub does not know the token (401)", "name a valid one under spec.secrets.HF_TOKEN."),
        new(Forbidden, ReplicaReasons.HubRefuses, "The hub's token may not read the weights (403)", "give it access to the repository, or name another under spec.secrets.HF_TOKEN."),
        new(OfflineMiss, ReplicaReasons.Misconfigured, "The weights are not in the cache, and HF_HUB_OFFLINE forbids fetching them",
            "fill the cache first, with the commit that the deployment names, or take the variable out."),
        new(HubUnreachable, ReplicaReasons.Crashes, "The hub could not be reached",
            "check name resolution and the proxy of the machine, allow egress to it (on Kubernetes Builder:Kubernetes:Network:Hub), set HTTPS_PROXY or HF_ENDPOINT in spec.environment, or fill the cache of weights beforehand and set HF_HUB_OFFLINE=1.", Network, Quotes: true),
        new(NoSpace, ReplicaReasons.Misconfigured, "No space is left where the weights are kept",
            "enlarge the cache's volume or disk, remove models that nobody uses, or raise resources.disk.", Disk),
        new(SharedMemory, ReplicaReasons.Misconfigured, "The processes of the server have too little shared memory (/dev/shm)",
            "ask for more than one GPU with gpu.count so that it is given, or start the container with a larger --shm-size."),
        new(Nccl, ReplicaReasons.Crashes, "The GPUs of the replica cannot talk to each other",
            "set NCCL_DEBUG=INFO in spec.environment to see why; NCCL_P2P_DISABLE=1 helps where the board has no peer access.", Quotes: true),
        new(UnknownFlag, ReplicaReasons.Misconfigured, "The server does not know a flag that it was given",
            "correct spec.arguments as this version of the server writes it, take it out, or take an image of a version that has it.", Argument, Quotes: true),
        new(InvalidFlag, ReplicaReasons.Misconfigured, "The server refuses the value of a flag", "correct spec.arguments.", Argument, Quotes: true),
        new(UnknownArchitecture, ReplicaReasons.Misconfigured, "The server's version does not know the model's architecture", "take a newer image, or another server.", Quotes: true),
        new(RemoteCode, ReplicaReasons.Misconfigured, "The repository has code of its own, which is only run with trust-remote-code",
            "read that code, accept it (kind: LicenceAcceptance, remoteCode), then set spec.arguments.--trust-remote-code: true."),
        new(PortInUse, ReplicaReasons.Misconfigured, "The server's port is taken by something else in the container or on the machine",
            "give the model another port (defaultPort), or stop the other, which may be a second server in the image.", Port),
        new(NoPermission, ReplicaReasons.Misconfigured, "The server may not write where it wants to",
            "it runs as a user without rights; point its folders (HF_HOME, HOME) below /models, or let the volume belong to its group.", Quotes: true),
        new(WrongArchitecture, ReplicaReasons.Misconfigured, "The image is built for another processor than the machine's",
            "build it for this one (--platform), or choose nodes with nodeSelector kubernetes.io/arch."),
        new(NoProgram, ReplicaReasons.Misconfigured, "The image does not have what it is to start", "correct spec.command, or take the image's own.", Quotes: true),
        new(HostMemory, ReplicaReasons.OutOfMemory, "The memory of the replica is too small", "raise resources.memory."),
        new(Killed, ReplicaReasons.OutOfMemory, "A process of the server was killed, most likely because memory ran out", "raise resources.memory."),
    ];

    /// <param name="lines">The end of the log, oldest first.</param>
    /// <returns><c>null</c>: nothing that is known.</returns>
    public static LogFinding? Find(IReadOnlyList<string> lines)
    {
        foreach (var row in Table)
        {
            if (lines.LastOrDefault(row.Text.IsMatch) is { } line)
            {
                return new LogFinding(row.Reason ?? row.Kind, row.Kind, row.What, row.Remedy, line, row.Quotes ? row.Text.Match(line).Value : null);
            }
        }

        return null;
    }

    /// <param name="log">The same as one text.</param>
    public static LogFinding? Find(string log) => Find(log.Split('\n', StringSplitOptions.TrimEntries));

    /// <param name="Reason">Where it can be told more exactly than by the kind.</param>
    /// <param name="Quotes">Whether the words that were found say more than the row does.</param>
    private sealed record Row(Regex Text, string Kind, string What, string Remedy, string? Reason = null, bool Quotes = false);
}
