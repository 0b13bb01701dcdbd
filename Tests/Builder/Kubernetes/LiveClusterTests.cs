using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Tests.Builder.Kubernetes;

/// <summary>
/// The target against the cluster that KUBECONFIG names, where it names one. It makes a namespace of its own, pulls one small public image
/// (<c>ORRERY_LIVE_IMAGE</c>: another one, whose <c>sh</c>, <c>mkdir</c>, <c>echo</c> and <c>httpd</c> are busybox's), and leaves nothing but that namespace, which it deletes.
/// </summary>
public sealed class LiveClusterTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DeploymentKey _key = new($"live-{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}", "hello", Guid.CreateVersion7().ToString());
    private KubernetesClient? _client;
    private KubernetesTarget _target = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _client = new KubernetesClient(KubernetesConnection.Find(null, null, TimeProvider.System), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        _target = new KubernetesTarget(
            _client, new KubernetesTargetOptions { Installation = "orrery-test" }, (_, reference, _, _) => Task.FromResult(new ResolvedImage(reference, null)), TimeProvider.System, NullLogger<KubernetesTarget>.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            var name = new KubernetesTargetOptions().NamespaceOf(_key.Namespace);
            if (await _client.FindAsync(KubernetesResource.Namespaces, null, name, CancellationToken.None) is { } there)
            {
                await _client.DeleteAsync(KubernetesResource.Namespaces, null, name, there.Uid(), CancellationToken.None);
            }

            _client.Dispose();
        }
    }

    [Fact(Skip = "KUBECONFIG names no cluster.", SkipType = typeof(StoryTests), SkipUnless = nameof(StoryTests.HasCluster))]
    public async Task Replicas_live_on_a_real_cluster()
    {
        var hub = Task.Run(async () => await _target.WatchAsync(Token).FirstAsync(uid => uid == _key.Uid, Token), Token);
        Assert.NotEmpty((await _target.InventoryAsync(_key, Token)).Nodes);

        // No node has it: said as a sentence, and nothing of it stays.
        await _target.ApplyAsync(Wanted(1, 1, Server("one") with { NodeSelector = new Dictionary<string, string> { ["orrery.dev/nowhere"] = "true" } }), Token);
        var waiting = (await Sees(replicas => replicas is [{ State: ReplicaState.Waiting, Message: not null }]))[0];
        Assert.Contains("labels asked for", waiting.Message, StringComparison.Ordinal);
        Assert.Equal(_key.Uid, await hub);
        await Gone(() => _target.RemoveAsync(_key, 1, Token));

        // Runs, says what it says, grows and shrinks.
        await _target.ApplyAsync(Wanted(2, 1, Server("two")), Token);
        var first = (await Sees(Ready(1)))[0];
        Assert.Contains(await _target.LogsAsync(_key, first, new LogQuestion(10), Token).Select(line => line.Text).ToListAsync(Token), line => line.Contains("serving two", StringComparison.Ordinal));
        await _target.ApplyAsync(Wanted(2, 3, Server("two")), Token);
        await Sees(Ready(3));
        await _target.ApplyAsync(Wanted(2, 1, Server("two")), Token);
        await Sees(Ready(1));

        // A pod that somebody deletes comes again, as another incarnation.
        var name = ShortNames.Pod(_key.Name, 2, 0);
        var pod = await _client!.FindAsync(KubernetesResource.Pods, new KubernetesTargetOptions().NamespaceOf(_key.Namespace), name, Token);
        await _client.DeleteAsync(KubernetesResource.Pods, pod.Text("metadata", "namespace"), name, pod!.Uid(), Token);
        await Sees(replicas => Ready(1)(replicas) && replicas[0].Incarnation != first.Incarnation);

        // A next version that crashes says so; the one before serves on, and the next goes.
        await _target.ApplyAsync(Wanted(3, 1, Server("three") with { Arguments = ["-c", "echo 'vllm: error: unrecognized arguments: --live' >&2; exit 2"] }), Token);
        var crashed = await Sees(replicas => replicas.Any(one => one is { Revision: 3, State: ReplicaState.Failed, Message: not null }));
        Assert.Contains("--live", crashed.Single(one => one.Revision == 3).Message, StringComparison.Ordinal);
        Assert.Equal(ReplicaState.Ready, crashed.Single(one => one.Revision == 2).State);
        await Gone(() => _target.RemoveAsync(_key, 3, Token));
        await Sees(Ready(1));

        await Gone(() => _target.RemoveAllAsync(_key, Token));
        Assert.Empty(await _target.ObserveAsync(_key, Token));
    }

    private static Func<IReadOnlyList<Replica>, bool> Ready(int count) => replicas => replicas.Count == count && replicas.All(one => one.State == ReplicaState.Ready);

    private async Task<IReadOnlyList<Replica>> Sees(Func<IReadOnlyList<Replica>, bool> holds) => await Eventually.Holds(() => _target.ObserveAsync(_key, Token), holds, Patience);

    private static Task Gone(Func<Task<bool>> remove) => Eventually.Holds(remove, gone => gone, Patience);

    private WantedReplicas Wanted(int revision, int count, RevisionTemplate template) => new(_key, revision, template, count, new Dictionary<string, string>());

    private static RevisionTemplate Server(string word) => new()
    {
        ModelId = "hello",
        ModelType = "llm",
        Engine = "vllm",
        Image = Environment.GetEnvironmentVariable("ORRERY_LIVE_IMAGE") ?? "docker.io/library/busybox:1.36",
        Command = ["sh"],
        Arguments = ["-c", $"mkdir -p /models/www && echo ok >/models/www/health && echo serving {word} && exec httpd -f -p 8000 -h /models/www"],
        Resources = new() { Cpu = "50m", Memory = new(64 << 20) },
        Probes = new TemplateProbes(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), 6),
        Drain = TimeSpan.FromSeconds(1),
    };
}
