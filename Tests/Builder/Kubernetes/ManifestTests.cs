using System.Text.Json.Nodes;
using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Kubernetes.Manifests;
using Orrery.Contracts;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Builder.Kubernetes;

public sealed class ManifestTests
{
    private static readonly Dictionary<string, RevisionTemplate> Templates = new(StringComparer.Ordinal)
    {
        ["CPU, no cache"] = Examples.Cpu,
        ["CPU, nothing said of resources"] = Examples.Cpu with { Resources = new ModelResources() },
        ["CPU, weights on the node's disk"] = Examples.Cpu with { Resources = new ModelResources { Cpu = "0.5", Memory = ByteSize.FromGigabytes(1.234), Disk = ByteSize.FromGigabytes(3.3) } },
        ["two GPUs, everything said"] = Examples.Gpu,
        ["an image that is pulled with the namespace's credentials"] = Examples.Cpu with { PullSecret = "registries" },
        ["a MIG slice"] = Examples.Gpu with { Gpu = new TemplateGpu("mig", "nvidia.com/mig-3g.40gb", "x", 1, null) },
        ["an AMD GPU, every taint put up with"] = Examples.Gpu with { Gpu = new TemplateGpu("mi300", "amd.com/gpu", "x", 8, null), Tolerations = [new Toleration { Operator = "Exists" }] },
        ["offline, no drain, quick probes"] = Examples.Cpu with
        {
            Environment = new Dictionary<string, string> { ["HF_HUB_OFFLINE"] = "1" },
            Drain = TimeSpan.Zero,
            Probes = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 1),
        },
        ["an hour to drain, a day to start"] = Examples.Gpu with { Drain = TimeSpan.FromHours(1), Probes = new(TimeSpan.FromDays(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60), 1000) },
    };

    public static TheoryData<string> Names => [.. Templates.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_object_is_one_that_the_API_server_takes(string name)
    {
        var schema = KubernetesSchema.Load();
        foreach (var options in (KubernetesTargetOptions[])[new(), Everything()])
        {
            var documents = Documents(Templates[name], options);
            Assert.Equal([], documents.SelectMany(schema.Check));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_object_keeps_the_rules_that_no_schema_says(string name)
    {
        foreach (var options in (KubernetesTargetOptions[])[new(), Everything()])
        {
            var judge = new JudgeOptions
            {
                Namespace = Examples.Namespace,
                External = ["Secret/pull", "Namespace/orrery-acme"],
                Excuses = [new("StatefulSet/qwen-r3", "readOnlyRootFilesystem", "any image is run, and most write beside their weights"), new("StatefulSet/qwen-r3", "memory", "absent where nothing is known of the model")],
            };
            var findings = ChartJudge.RuleFindings(Documents(Templates[name], options), judge);
            Assert.Equal([], findings.Where(finding => !finding.Expected.StartsWith("no excuse", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_pod_gets_what_its_template_says()
    {
        var set = Of(Examples.Gpu, "StatefulSet");
        var pod = set["spec"]!["template"]!["spec"]!;
        var server = pod["containers"]![0]!;

        Assert.Equal("2", server.Text("resources", "limits", "nvidia.com/gpu"));
        Assert.Equal("96500000000", server.Text("resources", "limits", "memory"));
        Assert.Null(server.Text("resources", "limits", "ephemeral-storage"));
        Assert.Equal("""["--model","/models/qwen","--chat-template","$$(cat x) $$HOME $$"]""", server["args"]!.ToJsonString());
        Assert.Contains("""{"name":"PRICE","value":"$$5"}""", server["env"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(30, server.Whole("lifecycle", "preStop", "sleep", "seconds"));
        Assert.Equal(60, pod.Whole("terminationGracePeriodSeconds"));
        Assert.Equal(30, server.Whole("startupProbe", "failureThreshold"));
        Assert.Equal(6, server.Whole("livenessProbe", "failureThreshold"));
        Assert.Equal("/health/ready", server.Text("readinessProbe", "httpGet", "path"));
        Assert.Equal("Memory", pod.Items("volumes").Single(one => one.Text("name") == "shared-memory").Text("emptyDir", "medium"));
        Assert.Equal("orrery-models", pod.Items("volumes").Single(one => one.Text("name") == "models").Text("persistentVolumeClaim", "claimName"));
        Assert.Equal(10001, pod.Whole("securityContext", "fsGroup"));
        Assert.Equal("Parallel", set.Text("spec", "podManagementPolicy"));
        Assert.Equal("OnDelete", set.Text("spec", "updateStrategy", "type"));
    }

    [Fact]
    public void One_GPU_and_no_shared_volume_need_neither_shared_memory_nor_a_group()
    {
        var pod = Of(Examples.Cpu, "StatefulSet")["spec"]!["template"]!["spec"]!;

        Assert.Equal(["models"], pod.Items("volumes").Select(one => one.Text("name")));
        Assert.Null(pod.Whole("securityContext", "fsGroup"));
    }

    [Fact]
    public void A_secret_value_is_in_the_Secret_alone()
    {
        var manifests = ModelManifests.Of(Examples.Wanted(Examples.Gpu), new(), "orrery");
        var value = Convert.ToBase64String("hf_very-secret-value"u8);

        Assert.Equal(["Secret"], manifests.Where(one => one.Body.ToJsonString() is var text && (text.Contains(value, StringComparison.Ordinal) || text.Contains("hf_very", StringComparison.Ordinal))).Select(one => one.Resource.Kind));
        Assert.True(manifests.Single(one => one.Resource.Kind == "Secret").Body.IsTrue("immutable"));
        var error = Assert.Throws<TargetException>(() => ModelManifests.Of(Examples.Wanted(Examples.Gpu) with { SecretValues = new Dictionary<string, string>() }, new(), "orrery"));
        Assert.Contains("variable HF_TOKEN (Secret 'hub', key 'token')", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_a_ConfigMap_of_the_revision_and_mounted_one_by_one_to_be_read()
    {
        var map = Of(Examples.Gpu, "ConfigMap");
        Assert.True(map.IsTrue("immutable"));
        Assert.Equal(("qwen-r1", "1"), (map.Name(), map.Label(ModelLabels.Revision)));
        Assert.Equal("""{"file-0":"a: 1","file-1":"{{ messages }} $(HOME)\n"}""", map["data"]!.ToJsonString());

        var pod = Of(Examples.Gpu, "StatefulSet")["spec"]!["template"]!["spec"]!;
        Assert.Equal("qwen-r1", pod.Items("volumes").Single(one => one.Text("name") == "files").Text("configMap", "name"));
        Assert.Equal(
            ["""{"name":"files","mountPath":"/app/config.yaml","subPath":"file-0","readOnly":true}""", """{"name":"files","mountPath":"/etc/vllm/chat.jinja","subPath":"file-1","readOnly":true}"""],
            pod["containers"]![0].Items("volumeMounts").Where(one => one.Text("name") == "files").Select(one => one.ToJsonString()));
        Assert.DoesNotContain(ModelManifests.Of(Examples.Wanted(Examples.Cpu), new(), "orrery"), one => one.Resource.Kind == "ConfigMap");
    }

    [Fact]
    public void What_images_are_pulled_with_is_the_deployments_and_no_revisions()
    {
        var template = Examples.Cpu with { PullSecret = "registries" };
        var made = ModelManifests.Of(Examples.Wanted(template), Everything(), "orrery").Single(one => one.Resource.Kind == "Secret");
        Assert.Equal(("qwen-pull", "kubernetes.io/dockerconfigjson", false), (made.Body.Name(), made.Body.Text("type"), made.IsRevisions));
        Assert.Equal(Examples.PullCredentials, System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(made.Body["data"]!.Text(".dockerconfigjson")!)));
        Assert.Null(made.Body["immutable"]);
        Assert.Equal("""[{"name":"qwen-pull"},{"name":"pull"}]""", PullSecretsOf(template, Everything()));
        Assert.Equal("""[{"name":"qwen-pull"}]""", PullSecretsOf(template, new()));
        Assert.Null(PullSecretsOf(Examples.Cpu, new()));
        Assert.DoesNotContain(ModelManifests.Of(Examples.Wanted(template) with { PullCredentials = null }, new(), "orrery"), one => one.Resource.Kind == "Secret");

        static string? PullSecretsOf(RevisionTemplate template, KubernetesTargetOptions options) =>
            ModelManifests.Of(Examples.Wanted(template), options, "orrery").Single(one => one.Resource.Kind == "StatefulSet").Body["spec"]!["template"]!["spec"]!["imagePullSecrets"]?.ToJsonString();
    }

    [Fact]
    public void Only_gateway_and_Builder_get_in_and_only_what_fetches_weights_gets_out_and_never_to_private_addresses()
    {
        var policies = ModelManifests.Of(Examples.Wanted(Examples.Gpu), new(), "platform").Where(one => one.Resource.Kind == "NetworkPolicy").ToDictionary(one => one.Body.Name(), one => one.Body);

        Assert.Equal(["qwen-pods", "qwen-r1"], policies.Keys.Order());
        var from = policies["qwen-pods"]["spec"]!["ingress"]![0]!["from"]!.AsArray();
        Assert.Equal(["gateway", "builder"], from.Select(peer => peer.Text("podSelector", "matchLabels", "app.kubernetes.io/component")));
        Assert.All(from, peer => Assert.Equal("platform", peer.Text("namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")));
        var hub = policies["qwen-r1"]["spec"]!["egress"]![0]!;
        Assert.Contains("169.254.0.0/16", hub["to"]![0]!["ipBlock"]!["except"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("10.0.0.0/8", hub["to"]![0]!["ipBlock"]!["except"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(443, hub["ports"]![0].Whole("port"));

        var offline = Examples.Gpu with { Environment = new Dictionary<string, string> { ["HF_HUB_OFFLINE"] = "1" } };
        Assert.Equal(["qwen-pods"], ModelManifests.Of(Examples.Wanted(offline), new(), "platform").Where(one => one.Resource.Kind == "NetworkPolicy").Select(one => one.Body.Name()));
    }

    [Fact]
    public void Names_stay_labels_and_stay_apart()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        string[] deployments = ["a", "qwen", "qwen-r1", "3b", "m-3b", new('x', 63), new string('x', 62) + "y", new string('7', 63), "a" + new string('-', 61) + "b"];
        foreach (var deployment in deployments)
        {
            foreach (var revision in (int[])[1, 2, 10, 123456])
            {
                var name = ShortNames.Revision(deployment, revision);
                Assert.True(names.Add(name), name);
                Assert.True(Formats.IsServiceName(name) && name.Length <= 52, name);
                Assert.True(Formats.IsLabel(ShortNames.Pod(deployment, revision, 999)), name);
            }
        }

        Assert.Equal("qwen-r3", ShortNames.Revision("qwen", 3));
        Assert.Equal("orrery-acme", new KubernetesTargetOptions().NamespaceOf("acme"));
        Assert.True(Formats.IsLabel(new KubernetesTargetOptions().NamespaceOf(new string('n', 63))));
    }

    [Fact]
    public void Wrong_options_are_all_named_at_once()
    {
        var options = new KubernetesTargetOptions
        {
            Installation = "No",
            TerminationMargin = TimeSpan.FromDays(2),
            Cache = new() { AccessMode = "Any", Size = "lots" },
            Network = new() { Hub = ["10.1.2.3"], Clients = [new() { Namespace = "UP" }] },
        };

        var faults = string.Join('\n', options.Faults());
        foreach (var key in (string[])["Installation", "Cache:AccessMode", "Cache:Size", "TerminationMargin", "Network:Clients"])
        {
            Assert.Contains($"Builder:Kubernetes:{key}", faults, StringComparison.Ordinal);
        }

        Assert.Empty(new KubernetesTargetOptions().Faults());
    }

    private static JsonObject Of(RevisionTemplate template, string kind) => ModelManifests.Of(Examples.Wanted(template), new(), "orrery").Single(one => one.Resource.Kind == kind).Body;

    private static List<Document> Documents(RevisionTemplate template, KubernetesTargetOptions options)
    {
        var bodies = ModelManifests.Of(Examples.Wanted(template, count: 3, revision: 3), options, "orrery").Select(one => one.Body)
            .Append(ModelManifests.Namespace("acme", options)).Append(ModelManifests.Claim(Examples.Namespace, options));
        return [.. bodies.Select(body => Document.Parse(body.Text("kind")!, body.ToJsonString()))];
    }

    private static KubernetesTargetOptions Everything() => new()
    {
        ImagePullSecrets = ["pull"],
        RunAs = 0,
        FsGroup = 0,
        Cache = new() { StorageClass = "nfs", AccessMode = "ReadWriteOnce", Size = "2Ti" },
        Network = new() { Hub = ["192.0.2.0/24"], HubPorts = [443, 8443], DnsPorts = [53, 5353], Clients = [new() { Namespace = "elsewhere" }] },
    };
}
