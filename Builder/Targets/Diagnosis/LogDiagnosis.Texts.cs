using System.Text.RegularExpressions;

namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>The texts themselves, as one line has them.</summary>
internal static partial class LogDiagnosis
{
    [GeneratedRegex(@"CUDA out of memory|CUDA error: out of memory|torch\.OutOfMemoryError|OutOfMemoryError: (CUDA|HIP)|HIP out of memory|Free memory on device .{0,160}is less than desired|CUBLAS_STATUS_ALLOC_FAILED|cudaMalloc failed: out of memory", RegexOptions.IgnoreCase)]
    private static partial Regex CudaMemory { get; }

    [GeneratedRegex(@"No available memory for the cache blocks|larger than the (maximum number of tokens|available KV cache memory)|KV cache is needed, which is larger|Not enough memory\. Please try to increase --mem-fraction-static", RegexOptions.IgnoreCase)]
    private static partial Regex CacheMemory { get; }

    [GeneratedRegex(@".{0,60}(compute capability|no kernel image is available for execution on the device|sm_\d+ is not compatible|requires (GPUs? with )?(compute )?capability).{0,80}", RegexOptions.IgnoreCase)]
    private static partial Regex ComputeCapability { get; }

    [GeneratedRegex(@"CUDA driver version is insufficient( for CUDA runtime version)?|The NVIDIA driver on your system is too old|forward compatibility was attempted on non supported HW|unsatisfied condition: cuda.{0,40}", RegexOptions.IgnoreCase)]
    private static partial Regex Driver { get; }

    [GeneratedRegex(@"Failed to infer device type|no CUDA-capable device is detected|Found no NVIDIA driver( on your system)?|No CUDA GPUs are available|Torch not compiled with CUDA enabled|libcuda\.so\.1: cannot open shared object file|HIP error: no ROCm-capable device", RegexOptions.IgnoreCase)]
    private static partial Regex GpuMissing { get; }

    [GeneratedRegex(@"GatedRepoError|Cannot access gated repo|Access to model .{1,120} is restricted|awaiting a review from the repo authors|40[13] Client Error.{0,200}huggingface|You are trying to access a gated repo", RegexOptions.IgnoreCase)]
    private static partial Regex Gated { get; }

    [GeneratedRegex(@"RepositoryNotFoundError|RevisionNotFoundError|is not a local folder and is not a valid model identifier|404 Client Error.{0,200}huggingface", RegexOptions.IgnoreCase)]
    private static partial Regex NoRepository { get; }

    [GeneratedRegex(@"401 Client Error|HTTP(?: status)?:? 401|status code 401|Invalid user token|Invalid username or password", RegexOptions.IgnoreCase)]
    private static partial Regex Unauthorized { get; }

    [GeneratedRegex(@"403 Client Error|HTTP(?: status)?:? 403|status code 403", RegexOptions.IgnoreCase)]
    private static partial Regex Forbidden { get; }

    // LocalEntryNotFoundError alone may as well mean that the hub is away.
    [GeneratedRegex(@"OfflineModeIsEnabled|outgoing traffic has been disabled", RegexOptions.IgnoreCase)]
    private static partial Regex OfflineMiss { get; }

    [GeneratedRegex(@"Failed to resolve '.{1,100}?'|Temporary failure in name resolution|Name or service not known|Network is unreachable|LocalEntryNotFoundError|We couldn't connect to '?https?://[^\s']{1,100}|Max retries exceeded with url: [^\s]{1,80}|(?:Connect(?:ion)?|Read)(?:TimeoutError|Timeout).{0,60}huggingface.{0,40}", RegexOptions.IgnoreCase)]
    private static partial Regex HubUnreachable { get; }

    [GeneratedRegex(@"No space left on device|\[Errno 28\]|ENOSPC|Disk quota exceeded|Not enough free disk space", RegexOptions.IgnoreCase)]
    private static partial Regex NoSpace { get; }

    [GeneratedRegex(@"insufficient shared memory|unable to (open|allocate|write to) (shared memory|file </torch_)|Error while creating shared memory segment|/dev/shm.{0,60}(too small|No space)|Bus error", RegexOptions.IgnoreCase)]
    private static partial Regex SharedMemory { get; }

    [GeneratedRegex(@"NCCL error.{0,100}|ncclSystemError.{0,80}|ncclUnhandledCudaError.{0,80}|ncclInternalError.{0,80}", RegexOptions.IgnoreCase)]
    private static partial Regex Nccl { get; }

    [GeneratedRegex(@"unrecognized (arguments?:|option).{0,120}|unknown (flag|option|argument):?.{0,100}|unexpected argument '.{0,80}|no such option.{0,80}", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownFlag { get; }

    [GeneratedRegex(@"error: argument .{1,140}|invalid value '[^']{1,60}' for '[^']{1,60}'|invalid choice:.{0,100}", RegexOptions.IgnoreCase)]
    private static partial Regex InvalidFlag { get; }

    [GeneratedRegex(@"Model architectures \[[^\]]{1,80}\] (are not supported|failed to be inspected)|does not recognize this architecture|model type `?[\w.-]{1,60}`? but Transformers does not recognize", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownArchitecture { get; }

    [GeneratedRegex(@"trust_remote_code=True|contains custom code which must be executed", RegexOptions.IgnoreCase)]
    private static partial Regex RemoteCode { get; }

    [GeneratedRegex(@"address already in use|\[Errno 98\]|EADDRINUSE|port \d+ is (?:already )?in use|only one usage of each socket address", RegexOptions.IgnoreCase)]
    private static partial Regex PortInUse { get; }

    [GeneratedRegex(@"PermissionError.{0,120}|\[Errno 13\].{0,100}|Read-only file system.{0,80}", RegexOptions.IgnoreCase)]
    private static partial Regex NoPermission { get; }

    [GeneratedRegex(@"exec format error", RegexOptions.IgnoreCase)]
    private static partial Regex WrongArchitecture { get; }

    [GeneratedRegex(@"exec: ""?[^\s""]{1,80}""?: (executable file not found in \$PATH|stat .{1,80}|no such file or directory)|executable file `?[^`]{1,60}`? not found|[\w./-]{1,60}: command not found|No module named .{1,60}", RegexOptions.IgnoreCase)]
    private static partial Regex NoProgram { get; }

    [GeneratedRegex(@"^MemoryError\b|Cannot allocate memory|std::bad_alloc|DefaultCPUAllocator: can't allocate memory", RegexOptions.IgnoreCase)]
    private static partial Regex HostMemory { get; }

    [GeneratedRegex(@"died with <Signals\.SIGKILL|exit code:? -9\b|signal 9 \(SIGKILL\)|^Killed$", RegexOptions.IgnoreCase)]
    private static partial Regex Killed { get; }
}
