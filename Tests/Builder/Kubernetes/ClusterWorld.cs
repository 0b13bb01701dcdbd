using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.Builder.Kubernetes.Cluster;
using Orrery.Tests.Catalogue.Pins;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>A real Catalogue, Builder and Gateway, with stand-ins for the cluster that is deployed to and for the hub that weights come from.</summary>
internal sealed class ClusterWorld : IAsyncDisposable
{
    /// <summary>Where the models of <c>default</c> run.</summary>
    public const string Namespace = "orrery-default";

    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-kubeconfig-").FullName;

    public FakeCluster Cluster { get; private set; } = null!;

    public HubServer Hub { get; private set; } = null!;

    public BuilderWorld Services { get; private set; } = null!;

    /// <param name="catalogue">What the Catalogue is started with, beside the usual.</param>
    public static async Task<ClusterWorld> StartAsync(PostgresServer postgres, string[]? catalogue = null, params string[] settings)
    {
        var world = new ClusterWorld { Cluster = await FakeCluster.StartAsync(), Hub = await HubServer.StartAsync() };
        world.Cluster.AddNode("n1");
        var config = Path.Combine(world._folder, "config");
        await File.WriteAllTextAsync(
            config,
            $$"""
              apiVersion: v1
              kind: Config
              current-context: c
              contexts: [{ name: c, context: { cluster: k, user: u } }]
              clusters: [{ name: k, cluster: { server: "{{world.Cluster.Address}}" } }]
              users: [{ name: u, user: { token: t } }]
              """);
        world.Services = await BuilderWorld.StartAsync(
            postgres, startsBuilder: true, [$"Catalogue:Hub:Endpoint={world.Hub.Address}", .. catalogue ?? []], ["Builder:Target=kubernetes", $"Builder:Kubernetes:KubeConfig={config}", .. settings]);
        return world;
    }

    /// <summary>A model of its own that runs without a GPU.</summary>
    public static string Deployment(string name, string entry = "", string more = "") =>
        $$"""
          kind: ModelDeployment
          metadata: { name: {{name}} }
          spec:
            entry: { id: {{name}}, modelType: chat, engine: vllm, repo: acme/{{name}}, licence: Apache-2.0, parameters: 1B, weights: 2GB, dtype: bf16, contextWindow: 4096{{(entry.Length > 0 ? ", " + entry : "")}} }
            image: registry.example.com/models/{{name}}@sha256:{{new string('a', 64)}}
            gpu: { count: 0 }
            rollout: { drain: 0s }{{(more.Length > 0 ? "\n  " + more : "")}}
          """;

    /// <summary>Waits until a deployment's status is as it should be; meanwhile every pod's server starts and answers, and what is to end ends.</summary>
    public Task<JsonNode?> Status(string name, Func<JsonNode, bool> holds, bool pods = true) => Eventually.Holds(
        () =>
        {
            if (pods)
            {
                RunPods();
            }

            return Services.StatusOf(name);
        },
        status => status is not null && holds(status),
        TimeSpan.FromSeconds(60));

    public Task<JsonNode?> Serves(string name, int revision = 1, int replicas = 1) => Status(
        name, status => (string?)status["phase"] == "running" && (int?)status["revision"] == revision && status["nextRevision"] is null && (int?)status["replicas"]!["ready"] == replicas);

    /// <summary>How a revision's server is started.</summary>
    public IReadOnlyList<string> ArgumentsOf(string name, int revision) => [.. PodOf(name, revision)["containers"]![0]!["args"]!.AsArray().Select(argument => (string)argument!)];

    public JsonNode PodOf(string name, int revision) => Cluster.All(KubernetesResource.StatefulSets, Namespace)[$"{name}-r{revision}"]["spec"]!["template"]!["spec"]!;

    public async Task<IReadOnlyList<JsonNode>> Revisions(string name) => [.. (await Services.Catalogue.Get($"/deployments/{name}/revisions")).ExpectOk().Json["data"]!.AsArray().Select(revision => revision!)];

    public static JsonNode? Condition(JsonNode? status, string type) => status!["conditions"]!.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == type);

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        await Hub.DisposeAsync();
        await Cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private void RunPods()
    {
        Cluster.EndPods(Namespace);
        foreach (var (name, pod) in Cluster.All(KubernetesResource.Pods, Namespace).Where(one => one.Value.Text("status", "phase") != "Running" && one.Value.Text("metadata", "deletionTimestamp") is null))
        {
            Cluster.Run(Namespace, name);
        }
    }
}
