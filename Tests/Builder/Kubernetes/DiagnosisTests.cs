using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Builder.Targets.Kubernetes.Diagnosis;

namespace Orrery.Tests.Builder.Kubernetes;

public sealed class DiagnosisTests
{
    [Theory]
    [InlineData("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.65 GiB", ReplicaReasons.OutOfMemory, "larger gpu.type")]
    [InlineData("ValueError: Free memory on device (3.1/22.0 GiB) on startup is less than desired GPU memory utilization (0.9, 19.8 GiB).", ReplicaReasons.OutOfMemory, "gpu-memory-utilization")]
    [InlineData("ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, which is larger than the available KV cache memory (3.24 GiB).", ReplicaReasons.OutOfMemory, "lower context")]
    [InlineData("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`", ReplicaReasons.OutOfMemory, "KV cache")]
    [InlineData("ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU has compute capability 7.5.", ReplicaReasons.Misconfigured, "newer gpu.type")]
    [InlineData("RuntimeError: CUDA error: no kernel image is available for execution on the device", ReplicaReasons.Misconfigured, "image built for this GPU")]
    [InlineData("RuntimeError: The NVIDIA driver on your system is too old (found version 11040).", ReplicaReasons.Misconfigured, "update the driver")]
    [InlineData("RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`", ReplicaReasons.Misconfigured, "gpu.count")]
    [InlineData("huggingface_hub.errors.GatedRepoError: 403 Client Error. Cannot access gated repo for url https://huggingface.co/meta-llama/x", ReplicaReasons.HubRefuses, "spec.secrets.HF_TOKEN")]
    [InlineData("requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/x/y/resolve/main/config.json", ReplicaReasons.HubRefuses, "Accept its terms")]
    [InlineData("OSError: acme/nothing is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'", ReplicaReasons.HubRefuses, "weights.repo")]
    [InlineData("urllib3.exceptions.NameResolutionError: Failed to resolve 'huggingface.co' ([Errno -3] Temporary failure in name resolution)", ReplicaReasons.Crashes, "allow egress")]
    [InlineData("huggingface_hub.errors.LocalEntryNotFoundError: Cannot find the requested files in the disk cache and outgoing traffic has been disabled.", ReplicaReasons.Misconfigured, "fill the cache")]
    [InlineData("OSError: [Errno 28] No space left on device", ReplicaReasons.Misconfigured, "enlarge the cache's volume")]
    [InlineData("RuntimeError: DataLoader worker (pid 5) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory", ReplicaReasons.Misconfigured, "/dev/shm")]
    [InlineData("torch.distributed.DistBackendError: NCCL error in: ../ProcessGroupNCCL.cpp:1970, unhandled system error", ReplicaReasons.Crashes, "NCCL_DEBUG=INFO")]
    [InlineData("vllm: error: unrecognized arguments: --max-modle-len 4096", ReplicaReasons.Misconfigured, "--max-modle-len 4096")]
    [InlineData("error: unexpected argument '--foo' found", ReplicaReasons.Misconfigured, "spec.arguments")]
    [InlineData("vllm serve: error: argument --dtype: invalid choice: 'fp4' (choose from auto, half)", ReplicaReasons.Misconfigured, "argument --dtype")]
    [InlineData("ValueError: Model architectures ['NewForCausalLM'] are not supported for now.", ReplicaReasons.Misconfigured, "newer image")]
    [InlineData("ValueError: The repository contains custom code which must be executed to correctly load the model.", ReplicaReasons.Misconfigured, "trust-remote-code")]
    [InlineData("OSError: [Errno 98] Address already in use", ReplicaReasons.Misconfigured, "another port")]
    [InlineData("PermissionError: [Errno 13] Permission denied: '/.cache'", ReplicaReasons.Misconfigured, "/.cache")]
    [InlineData("exec /usr/bin/vllm: exec format error", ReplicaReasons.Misconfigured, "another processor")]
    [InlineData("exec: \"vlm\": executable file not found in $PATH", ReplicaReasons.Misconfigured, "spec.command")]
    [InlineData("huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error. (Request ID: Root=1)", ReplicaReasons.HubRefuses, "weights.repo")]
    [InlineData("huggingface_hub.errors.HfHubHTTPError: 401 Client Error: Unauthorized", ReplicaReasons.HubRefuses, "(401)")]
    [InlineData("huggingface_hub.errors.HfHubHTTPError: 403 Client Error: Forbidden", ReplicaReasons.HubRefuses, "(403)")]
    [InlineData("huggingface_hub.errors.LocalEntryNotFoundError: An error happened while trying to locate the file on the Hub", ReplicaReasons.Crashes, "HTTPS_PROXY")]
    [InlineData("OSError: [Errno 101] Network is unreachable", ReplicaReasons.Crashes, "name resolution")]
    [InlineData("RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.", ReplicaReasons.OutOfMemory, "raise gpu-memory-utilization")]
    [InlineData("ENOSPC: no space", ReplicaReasons.Misconfigured, "resources.disk")]
    [InlineData("error: unrecognized option '--foo'", ReplicaReasons.Misconfigured, "'--foo'")]
    [InlineData("ERROR: port 8000 is already in use", ReplicaReasons.Misconfigured, "another port")]
    [InlineData("CUDA driver version is insufficient for CUDA runtime version", ReplicaReasons.Misconfigured, "update the driver")]
    [InlineData("terminate called after throwing an instance of 'std::bad_alloc'", ReplicaReasons.OutOfMemory, "resources.memory")]
    [InlineData("MemoryError", ReplicaReasons.OutOfMemory, "resources.memory")]
    [InlineData("/bin/sh: line 1: 12 Killed\nsubprocess.CalledProcessError: died with <Signals.SIGKILL: 9>.", ReplicaReasons.OutOfMemory, "resources.memory")]
    public void A_log_says_why_a_server_ended(string log, string reason, string remedy)
    {
        var finding = LogDiagnosis.Find("INFO 01-01 loading\n" + log + "\nINFO bye\n")?.ToFinding();

        Assert.NotNull(finding);
        Assert.Equal(reason, finding.Reason);
        Assert.Contains(remedy, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INFO: Uvicorn running on http://0.0.0.0:8000\nINFO: Application startup complete.")]
    [InlineData("")]
    [InlineData("INFO: 127.0.0.1 GET /v1/models 404 Not Found")]
    public void What_is_no_failure_is_not_called_one(string log) => Assert.Null(LogDiagnosis.Find(log));

    [Fact]
    public void The_last_word_of_an_unknown_failure_holds_no_token()
    {
        Assert.Equal("RuntimeError: something new", LogText.LastWord("start\nRuntimeError: something new\nbye\n"));
        Assert.DoesNotContain("hf_abcdefghijk", LogText.LastWord("Error: cannot use hf_abcdefghijk here")!, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-value", LogText.LastWord("Error: token=s3cret-value was refused")!, StringComparison.Ordinal);
        Assert.Null(LogText.LastWord("\n"));
    }

    [Theory]
    [InlineData("failed to resolve reference \"r.example.com/a:1\": r.example.com/a:1: not found", ReplicaReasons.NoImage, "has no image")]
    [InlineData("manifest unknown: manifest unknown", ReplicaReasons.NoImage, "has no image")]
    [InlineData("failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized", ReplicaReasons.NoImage, "ImagePullSecrets")]
    [InlineData("pull access denied for a, repository does not exist or may require 'docker login': denied: requested access to the resource is denied", ReplicaReasons.NoImage, "ImagePullSecrets")]
    [InlineData("toomanyrequests: You have reached your unauthenticated pull rate limit.", ImageDiagnosis.Passing, "mirror")]
    [InlineData("dial tcp: lookup r.example.com on 10.0.0.10:53: no such host", ImageDiagnosis.Passing, "cannot resolve")]
    [InlineData("tls: failed to verify certificate: x509: certificate signed by unknown authority", ReplicaReasons.NoImage, "does not trust the certificate")]
    [InlineData("http: server gave HTTP response to HTTPS client", ReplicaReasons.NoImage, "plain HTTP")]
    [InlineData("dial tcp 10.1.2.3:443: i/o timeout", ImageDiagnosis.Passing, "firewall")]
    [InlineData("no match for platform in manifest: not found", ReplicaReasons.NoImage, "processor")]
    [InlineData("write /var/lib/containerd/x: no space left on device", ImageDiagnosis.Passing, "no space")]
    [InlineData("couldn't parse image name \"A:1\": invalid reference format", ReplicaReasons.NoImage, "lower case")]
    [InlineData("something new", ImageDiagnosis.Passing, "something new")]
    public void Why_an_image_is_not_pulled_is_told_apart(string message, string reason, string says)
    {
        var finding = ImageDiagnosis.Read("r.example.com/a:1", message);

        Assert.Equal(reason, finding.Reason);
        Assert.Contains(says, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0/4 nodes are available: 2 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {pool: batch}. preemption: 0/4 nodes are available: 2 No preemption victims found, 2 Preemption is not helpful for scheduling.",
        "None of 4 nodes fits: 2 have too little nvidia.com/gpu free, 2 have the taint pool: batch, which the pod does not tolerate. Free nvidia.com/gpu by stopping another deployment, add nodes with it, or choose another gpu.type; or add the toleration to the GpuClass or to spec.tolerations.")]
    [InlineData("0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available.", "None of 1 nodes fits: 1 has too little memory free. Lower resources.memory, or add or free nodes.")]
    [InlineData("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", "None of 3 nodes fits: 3 have none of the labels asked for. Correct the nodeSelector of the GpuClass or of the deployment, or label nodes.")]
    [InlineData("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.", "None of 2 nodes fits: the claim 'orrery-models' has no volume. Name a storage class that provides the access mode in Builder:Kubernetes:Cache, or make a volume.")]
    [InlineData("0/2 nodes are available: 1 node(s) were unschedulable, 1 Too many pods.", "None of 2 nodes fits: 1 has been closed to new pods, 1 has as many pods as they may. Open them again (kubectl uncordon); or add nodes.")]
    [InlineData("0/2 nodes are available: 2 node(s) had something new.", "No node fits: 0/2 nodes are available: 2 node(s) had something new.")]
    [InlineData("no nodes at all", null)]
    public void What_the_scheduler_writes_becomes_a_sentence(string message, string? sentence) => Assert.Equal(sentence, SchedulingDiagnosis.Read(message));
}
