using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>Revisions as the Builder asks for them.</summary>
internal static class Examples
{
    public const string Namespace = "orrery-acme";

    public static readonly DeploymentKey Key = new("acme", "qwen", "019a0000-0000-7000-8000-000000000001");

    public static RevisionTemplate Cpu => new()
    {
        ModelId = "qwen3-8b",
        ModelType = "llm",
        Engine = "vllm",
        Image = "registry.example.com/models/qwen3-8b@sha256:" + new string('a', 64),
        Probes = new TemplateProbes(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), 6),
        Drain = TimeSpan.FromSeconds(30),
        Resources = new ModelResources { Cpu = "2", Memory = ByteSize.FromGibibytes(8) },
    };

    public static RevisionTemplate Gpu => Cpu with
    {
        Gpu = new TemplateGpu("h100", "nvidia.com/gpu", "nvidia.com/gpu=all", 2, ByteSize.FromGigabytes(80)),
        Cache = WeightCaches.SharedVolume,
        NodeSelector = new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3" },
        Tolerations = [new Toleration { Key = "nvidia.com/gpu", Operator = "Exists", Effect = "NoSchedule" }],
        RuntimeClass = "nvidia",
        Resources = new ModelResources { Cpu = "8000m", Memory = ByteSize.FromGigabytes(96.5), Disk = ByteSize.FromGibibytes(20) },
        Command = ["vllm", "serve"],
        Arguments = ["--model", "/models/qwen", "--chat-template", "$(cat x) $HOME $"],
        Environment = new Dictionary<string, string> { ["HF_HOME"] = "/models/hf", ["PRICE"] = "$5" },
        Secrets = [new SecretVariable("HF_TOKEN", "hub", "token", "f1")],
        Files = new Dictionary<string, string> { ["/etc/vllm/chat.jinja"] = "{{ messages }} $(HOME)\n", ["/app/config.yaml"] = "a: 1" },
        Port = 9000,
        HealthPath = "/health/ready",
    };

    /// <summary>As the namespace's Secret <c>registries</c> has it.</summary>
    public const string PullCredentials = """{"auths":{"registry.example.com":{"username":"acme","password":"pull-Secret-value"}}}""";

    public static WantedReplicas Wanted(RevisionTemplate? template = null, int count = 1, int revision = 1, DeploymentKey? key = null) =>
        new(key ?? Key, revision, template ?? Cpu, count, new Dictionary<string, string> { ["HF_TOKEN"] = "hf_very-secret-value" })
        {
            PullCredentials = template?.PullSecret is null ? null : PullCredentials,
        };
}
