using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Kubernetes.Manifests;
using Orrery.Tests.Builder.Kubernetes.Cluster;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>
/// A deployment's whole life as pods, with a real Builder, Catalogue and Gateway: always against the stand-in for a cluster, and against the
/// cluster that KUBECONFIG names where it names one. Whoever runs it there needs its credentials and nothing else: it makes a namespace of its own,
/// pulls one small public image (<c>ORRERY_LIVE_IMAGE</c>: another with busybox' programs), and leaves nothing.
/// </summary>
public sealed class StoryTests(PostgresServer postgres)
{
    private const string Serve = "mkdir -p /models/www && echo ok >/models/www/health && exec httpd -f -p 8000 -h /models/www";
    private const string Break = "echo 'vllm: error: unrecognized arguments: --live' >&2; exit 2";

    private readonly string _prefix = $"orrery-test-{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}-";

    public static bool HasCluster => Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Namespace => _prefix + "default";

    [Fact]
    public async Task A_deployment_lives_on_the_stand_in_for_a_cluster()
    {
        await using var cluster = await FakeCluster.StartAsync();
        cluster.AddNode("n1");
        cluster.AddNode("n2");
        var config = Path.Combine(Directory.CreateTempSubdirectory("orrery-tests-").FullName, "config");
        await File.WriteAllTextAsync(config, $"{{ current-context: a, contexts: [{{ name: a, context: {{ cluster: a, user: a }} }}], clusters: [{{ name: a, cluster: {{ server: '{cluster.Address}' }} }}], users: [{{ name: a, user: {{}} }}] }}", Token);
        using var client = cluster.Client();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var kubelets = ActAsKubeletsAsync(cluster, stop.Token);
        await LiveAsync(client, $"Builder:Kubernetes:KubeConfig={config}");
        await stop.CancelAsync();
        await kubelets;
        Directory.Delete(Path.GetDirectoryName(config)!, recursive: true);
    }

    [Fact(Skip = "KUBECONFIG names no cluster.", SkipUnless = nameof(HasCluster))]
    public async Task A_deployment_lives_on_a_real_cluster()
    {
        using var client = new KubernetesClient(KubernetesConnection.Find(null, null, TimeProvider.System), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        try
        {
            await LiveAsync(client);
        }
        finally
        {
            if (await client.FindAsync(KubernetesResource.Namespaces, null, Namespace, CancellationToken.None) is { } there)
            {
                await client.DeleteAsync(KubernetesResource.Namespaces, null, Namespace, there.Uid(), CancellationToken.None);
            }
        }
    }

    private async Task LiveAsync(KubernetesClient cluster, params string[] settings)
    {
        await using var world = await BuilderWorld.StartAsync(
            postgres, settings: ["Builder:Target=kubernetes", $"Builder:Kubernetes:NamespacePrefix={_prefix}", "Builder:Kubernetes:Installation=orrery-test", .. settings]);

        // No node has what is asked for: said, and 503 with the phase to whoever asks the model.
        (await world.Apply(Deployment(Serve, "nodeSelector: { orrery.dev/nowhere: 'true' }"))).ExpectOk();
        var waiting = await world.Status("hello", status => ((string?)status["message"])?.Contains("labels asked for", StringComparison.Ordinal) == true, Patience);
        Assert.Contains((string)waiting!["phase"]!, new[] { "active", "deploying" });
        await Eventually.Holds(() => world.Ask("own/hello"), answer => answer.Status == HttpStatusCode.ServiceUnavailable && answer.Text.Contains("phase: ", StringComparison.Ordinal));

        // Runs, and grows.
        (await world.Apply(Deployment(Serve))).ExpectOk();
        await Runs(world, 1);
        (await world.Apply(Deployment(Serve, "replicas: 2"))).ExpectOk();
        var before = await Runs(world, 2);
        Assert.Equal(2, (await world.Endpoints("hello")).Count);

        // A pod that somebody deletes comes again.
        var pod = (await Pods(cluster)).First(one => one.Name() == $"hello-r{before}-0");
        await cluster.DeleteAsync(KubernetesResource.Pods, Namespace, pod.Name(), pod.Uid(), Token);
        await Eventually.Holds(() => Pods(cluster), pods => pods.Count == 2 && pods.TrueForAll(one => one.Uid() != pod.Uid()), Patience);
        await Runs(world, 2);

        // A next version that crashes goes back by itself; the one before has served all the while.
        (await world.Apply(Deployment(Break, "replicas: 2"))).ExpectOk();
        await Eventually.Holds(() => Told(world), told => told.Contains("RolledBack", StringComparison.Ordinal) && told.Contains("--live", StringComparison.Ordinal), Patience);
        Assert.Equal(before, await Runs(world, 2));
        await Eventually.Holds(() => Pods(cluster), pods => pods.Count == 2, Patience);

        // A next version that serves takes over, and one call goes back.
        (await world.Apply(Deployment(Serve, "replicas: 2\n  environment: { VERSION: '2' }"))).ExpectOk();
        await world.Status("hello", status => (int?)status["revision"] > before && Serves(status, 2), Patience);
        (await world.Catalogue.Post("/deployments/hello/rollback", "")).ExpectOk();
        await world.Status("hello", status => (int?)status["revision"] == before && Serves(status, 2), Patience);

        (await world.Catalogue.Delete($"{Root}/modeldeployments/hello")).ExpectOk();
        await Eventually.Holds(async () => (await world.Catalogue.Get($"{Root}/modeldeployments/hello")).Status, found => found == HttpStatusCode.NotFound, Patience);
        foreach (var kind in (KubernetesResource[])[KubernetesResource.StatefulSets, KubernetesResource.Pods, KubernetesResource.Services, KubernetesResource.NetworkPolicies, KubernetesResource.DisruptionBudgets])
        {
            Assert.Empty((await cluster.ListAsync(kind, Namespace, Token, ModelLabels.SelectInstallation("orrery-test"))).Items);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await world.Catalogue.Get($"{Root}/modelproviders/hello")).Status);
    }

    private static TimeSpan Patience => TimeSpan.FromMinutes(HasCluster ? 5 : 1);

    private static async Task<int> Runs(BuilderWorld world, int ready) => (int)(await world.Status("hello", status => (string?)status["phase"] == "running" && Serves(status, ready), Patience))!["revision"]!;

    private static async Task<string> Told(BuilderWorld world) => string.Join('\n', (await world.Events("hello")).Select(one => $"{one["reason"]}: {one["message"]}"));

    private static bool Serves(JsonNode status, int ready) => status["nextRevision"] is null && (int?)status["replicas"]!["ready"] == ready && (int?)status["replicas"]!["draining"] == 0;

    private async Task<List<JsonObject>> Pods(KubernetesClient cluster) => [.. (await cluster.ListAsync(KubernetesResource.Pods, Namespace, Token)).Items];

    private static string Deployment(string script, string more = "replicas: 1") =>
        $$"""
        kind: ModelDeployment
        metadata: { name: hello }
        spec:
          entry: { id: own/hello, modelType: chat, engine: vllm, licence: MIT, defaultResources: { gpu: 0 } }
          image: {{Environment.GetEnvironmentVariable("ORRERY_LIVE_IMAGE") ?? "docker.io/library/busybox:1.36"}}
          command: [sh, -c, {{JsonValue.Create(script).ToJsonString()}}]
          cache: none
          resources: { cpu: 50m, memory: 64Mi, disk: 64Mi }
          probes: { startWithin: 2m, interval: 2s, timeout: 2s }
          rollout: { drain: 1s, readyWithin: 4m }
          {{more}}
        """;

    /// <summary>What nodes do: a pod whose server is to break does, every other answers; what is to end, ends.</summary>
    private async Task ActAsKubeletsAsync(FakeCluster cluster, CancellationToken cancellationToken)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await look.WaitForNextTickAsync(cancellationToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            cluster.EndPods(Namespace);
            foreach (var (name, pod) in cluster.All(KubernetesResource.Pods, Namespace).Where(one => one.Value.Text("spec", "nodeName") is not null && one.Value.Text("status", "phase") == "Pending"))
            {
                if (!pod.ToJsonString().Contains("exit 2", StringComparison.Ordinal))
                {
                    cluster.Run(Namespace, name);
                }
                else if (pod.Items("status", "containerStatuses").First().Whole("restartCount") == 0)
                {
                    cluster.Logs[$"{name} previous"] = "vllm: error: unrecognized arguments: --live\n";
                    cluster.Wait(Namespace, name, "CrashLoopBackOff", "back-off 10s", 3, FakeCluster.Terminated(2, "Error"));
                }
            }
        }
    }
}
