using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Orrery.Builder.Acceptance;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Simulated;

/// <summary>Replicas of one simulator: real HTTP, made-up text, as many as are wanted on any machine.</summary>
/// <remarks>The simulator forgets them when it ends. That is seen as replicas that are not there, and the next <see cref="ApplyAsync"/> makes them anew.</remarks>
internal sealed class SimulatedTarget : ITarget, IDisposable
{
    // A round over many deployments asks within this.
    private static readonly TimeSpan Lasts = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BetweenFailures = TimeSpan.FromSeconds(5);

    // More than anybody asks for: only GPUs are short here.
    private const double AllCores = 1_000_000;
    private const long AllMemory = 1L << 60;

    private readonly SimulatedOptions _options;
    private readonly string _installation;
    private readonly Func<IReadOnlyDictionary<string, GpuClassSpec>> _classes;
    private readonly TimeProvider _time;
    private readonly SimulatorClient _client;
    private readonly SharedLook<IReadOnlyList<SeenReplica>> _look;
    private readonly SemaphoreSlim _placing = new(1);
    private readonly ConcurrentDictionary<(string Uid, int Revision, int Ordinal), string> _waiting = new();

    /// <param name="installation">An id of this Builder's own: what has another's is never touched.</param>
    /// <param name="classes">The GpuClasses as they are declared now, by name.</param>
    public SimulatedTarget(SimulatedOptions options, string installation, Func<IReadOnlyDictionary<string, GpuClassSpec>> classes, TimeProvider time)
    {
        _options = options;
        _installation = installation;
        _classes = classes;
        _time = time;
        _client = new SimulatorClient(options.Endpoint, time);
        _look = new SharedLook<IReadOnlyList<SeenReplica>>(LookAsync, Lasts, time);
    }

    public string Name => DeploymentTargets.Simulated;

    public async Task<Inventory> InventoryAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        var seen = await _look.AskAsync(cancellationToken);
        var nodes = _classes()
            .Where(one => one.Value.Simulated > 0)
            .OrderBy(one => one.Key, StringComparer.Ordinal)
            .Select(one => NodeOf(NodeName(one.Key), LabelsOf(one.Key, one.Value), new() { [one.Value.EffectiveResourceName] = one.Value.Simulated!.Value }, TakenOf(one.Key, seen)));
        return new Inventory([NodeOf(NodeName(null), null, [], 0), .. nodes], []);
    }

    /// <summary>No image is run, so none is looked for: the digest is made of the reference, and says so.</summary>
    public Task<ResolvedImage> ResolveImageAsync(DeploymentKey key, string reference, string? wish, CancellationToken cancellationToken) =>
        Task.FromResult(new ResolvedImage(reference, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("simulated " + reference)))));

    public async Task<IReadOnlyList<Replica>> ObserveAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        var own = OwnOf(await _look.AskAsync(cancellationToken), key);
        var there = own.Select(one => (one.Labels.Revision, one.Labels.Ordinal)).ToHashSet();
        var waiting = _waiting.Where(one => one.Key.Uid == key.Uid && !there.Contains((one.Key.Revision, one.Key.Ordinal)));
        return
        [
            .. own.Select(View)
                .Concat(waiting.Select(one => new Replica(one.Key.Revision, one.Key.Ordinal, "", ReplicaState.Waiting, Reason: ReplicaReasons.NoPlace, Message: one.Value)))
                .OrderBy(one => one.Revision).ThenBy(one => one.Ordinal),
        ];
    }

    public async Task ApplyAsync(WantedReplicas wanted, CancellationToken cancellationToken)
    {
        var models = ModelsOf(wanted.Template);
        var template = TemplateHash.Of(wanted.Template);
        // What is free is looked up and taken in one go.
        await _placing.WaitAsync(cancellationToken);
        try
        {
            var seen = await _look.AskAsync(cancellationToken);
            foreach (var surplus in OwnOf(seen, wanted.Key).Where(one => one.Labels.Revision == wanted.Revision && one.Labels.Ordinal >= wanted.Count))
            {
                await DeleteAsync(surplus, cancellationToken);
            }

            Forget(wanted.Key.Uid, at => at.Revision == wanted.Revision);
            var free = FreeOf(wanted.Template.Gpu, seen);
            for (var ordinal = 0; ordinal < wanted.Count; ordinal++)
            {
                var labels = new SimulatedLabels(_installation, wanted.Key, wanted.Revision, ordinal, template, wanted.Template.Gpu?.Class, wanted.Template.Gpu?.Count ?? 0);
                await EnsureAsync(labels, models, seen, ref free, cancellationToken);
            }
        }
        finally
        {
            _placing.Release();
        }
    }

    public Task<bool> RemoveAsync(DeploymentKey key, int revision, CancellationToken cancellationToken) => RemoveAsync(key, at => at == revision, cancellationToken);

    public Task<bool> RemoveAllAsync(DeploymentKey key, CancellationToken cancellationToken) => RemoveAsync(key, _ => true, cancellationToken);

    public async IAsyncEnumerable<LogLine> LogsAsync(
        DeploymentKey key, Replica replica, LogQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        if (!question.Previous)
        {
            yield return new LogLine(replica.Since, $"This replica is simulated and writes no log. It answers at {replica.Address}.");
        }
    }

    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var before = new Dictionary<string, SeenReplica>();
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = await TryLookAsync(cancellationToken);
            var after = now?.Where(one => one.Labels.Installation == _installation).ToDictionary(one => one.Name) ?? [];
            var changed = before.Values.Where(one => !after.TryGetValue(one.Name, out var same) || same.Incarnation != one.Incarnation || same.IsReady != one.IsReady)
                .Concat(after.Values.Where(one => !before.ContainsKey(one.Name)));
            foreach (var uid in changed.Select(one => one.Labels.Key.Uid).Distinct().ToList())
            {
                yield return uid;
            }

            before = after;
            await Task.Delay(now is null ? BetweenFailures : BetweenLooks, _time, cancellationToken);
        }
    }

    public void Dispose()
    {
        _look.Dispose();
        _client.Dispose();
        _placing.Dispose();
    }

    /// <summary>Makes a replica unless it is there as it should be.</summary>
    private Task EnsureAsync(SimulatedLabels labels, IReadOnlyList<SimulatorModel> models, IReadOnlyList<SeenReplica> seen, ref int free, CancellationToken cancellationToken)
    {
        var name = NameOf(labels.Key, labels.Revision, labels.Ordinal);
        var there = seen.FirstOrDefault(one => one.Name == name);
        if (there is not null && there.Labels == labels)
        {
            return Task.CompletedTask;
        }

        if (there is not null && (there.Labels.Installation != _installation || there.Labels.Key.Namespace != labels.Key.Namespace || there.Labels.Key.Name != labels.Key.Name))
        {
            throw new TargetException(ReplicaReasons.Misconfigured, $"The simulator has a replica {name} that is not this installation's. Delete it there, or give this installation a simulator of its own.");
        }

        // One that gives way leaves its GPUs to its successor.
        free += there?.Labels.GpuClass == labels.GpuClass ? there?.Labels.Gpus ?? 0 : 0;
        if (labels.Gpus > free)
        {
            _waiting[(labels.Key.Uid, labels.Revision, labels.Ordinal)] =
                $"It asks for {labels.Gpus} {(labels.Gpus == 1 ? "GPU" : "GPUs")} of the class {labels.GpuClass}; {Math.Max(0, free)} of the simulated {SimulatedOf(labels.GpuClass)} {(free == 1 ? "is" : "are")} free. {(labels.Gpus > 1 ? "Ask for fewer, lower" : "Lower")} spec.replicas, or raise the class's spec.simulated.";
            return Task.CompletedTask;
        }

        free -= labels.Gpus;
        return PutAsync(name, models, labels, replaces: there is not null, cancellationToken);
    }

    private async Task PutAsync(string name, IReadOnlyList<SimulatorModel> models, SimulatedLabels labels, bool replaces, CancellationToken cancellationToken)
    {
        try
        {
            await _client.PutAsync(name, models, labels.ToLabels(), replaces, cancellationToken);
        }
        finally
        {
            _look.Forget();
        }
    }

    private async Task DeleteAsync(SeenReplica replica, CancellationToken cancellationToken)
    {
        try
        {
            await _client.DeleteAsync(replica.Name, cancellationToken);
        }
        finally
        {
            _look.Forget();
        }
    }

    private async Task<bool> RemoveAsync(DeploymentKey key, Func<int, bool> which, CancellationToken cancellationToken)
    {
        Forget(key.Uid, at => which(at.Revision));
        foreach (var one in OwnOf(await _look.AskAsync(cancellationToken), key).Where(one => which(one.Labels.Revision)))
        {
            await DeleteAsync(one, cancellationToken);
        }

        return true;
    }

    private async Task<IReadOnlyList<SeenReplica>> LookAsync(CancellationToken cancellationToken) =>
        [.. (await _client.ListAsync(cancellationToken)).Select(one => SimulatedLabels.Parse(one.Labels) is { } labels ? new SeenReplica(one.Name, one.IsReady, one.StartedAt, labels) : null).OfType<SeenReplica>()];

    private async Task<IReadOnlyList<SeenReplica>?> TryLookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _look.AskAsync(cancellationToken);
        }
        catch (TargetException)
        {
            // Whoever observes or applies is told; here it is a change like any other.
            return null;
        }
    }

    private Replica View(SeenReplica seen) => new(
        seen.Labels.Revision,
        seen.Labels.Ordinal,
        seen.Incarnation,
        seen.IsReady ? ReplicaState.Ready : ReplicaState.Starting,
        new Uri(_options.Endpoint, $"/replicas/{seen.Name}"),
        Message: seen.IsReady ? null : "The simulated server is starting.",
        Place: NodeName(seen.Labels.GpuClass),
        Since: seen.StartedAt);

    private List<SeenReplica> OwnOf(IReadOnlyList<SeenReplica> seen, DeploymentKey key) =>
        [.. seen.Where(one => one.Labels.Installation == _installation && one.Labels.Key.Uid == key.Uid)];

    private IReadOnlyList<SimulatorModel> ModelsOf(RevisionTemplate template)
    {
        const int TokensPerBlock = 16;
        const int OrdinaryTokens = 27_000 * TokensPerBlock;
        if (template.ModelType is not (ModelTypes.Chat or ModelTypes.Multimodal or ModelTypes.Embedding))
        {
            throw new TargetException(
                ReplicaReasons.Misconfigured,
                $"A model of the type {template.ModelType} cannot be simulated; the simulator serves {ModelTypes.Chat}, {ModelTypes.Multimodal} and {ModelTypes.Embedding}. Set spec.target to {DeploymentTargets.Container} or {DeploymentTargets.Kubernetes}.",
                isFinal: true);
        }

        var context = Math.Max(template.Context ?? 32_768, TokensPerBlock);
        // The cache must hold the longest request, or the simulator refuses the model.
        var changes = new SimulatorChanges(context > OrdinaryTokens ? (context + TokensPerBlock - 1) / TokensPerBlock : null, _options.StartupDelay);
        var profile = template.ModelType == ModelTypes.Embedding ? "embedding" : _options.Profile;
        return [new SimulatorModel(template.ModelId, template.ModelType, context, profile, [.. template.Adapters.Select(id => new SimulatorAdapter(id))], changes)];
    }

    private int FreeOf(TemplateGpu? gpu, IReadOnlyList<SeenReplica> seen) => gpu is null ? 0 : SimulatedOf(gpu.Class) - TakenOf(gpu.Class, seen);

    private int SimulatedOf(string? gpuClass) => gpuClass is not null && _classes().TryGetValue(gpuClass, out var spec) ? spec.Simulated ?? 0 : 0;

    private static int TakenOf(string gpuClass, IReadOnlyList<SeenReplica> seen) => seen.Where(one => one.Labels.GpuClass == gpuClass).Sum(one => one.Labels.Gpus);

    private static Node NodeOf(string name, IReadOnlyDictionary<string, string>? labels, Dictionary<string, int> capacity, int taken) => new(
        name, labels ?? new Dictionary<string, string>(), [], capacity, capacity.ToDictionary(one => one.Key, one => Math.Max(0, one.Value - taken)), AllCores, new ByteSize(AllMemory), IsOpen: true);

    private static Dictionary<string, string> LabelsOf(string name, GpuClassSpec spec) =>
        new(spec.NodeSelector ?? new Dictionary<string, string>()) { [GpuPlacement.ClassLabel] = name };

    private static string NodeName(string? gpuClass) => gpuClass is null ? DeploymentTargets.Simulated : $"{DeploymentTargets.Simulated}-{gpuClass}";

    private static string NameOf(DeploymentKey key, int revision, int ordinal) => ReplicaNames.Of("", key, revision, ordinal);

    private void Forget(string uid, Func<(string Uid, int Revision, int Ordinal), bool> which)
    {
        foreach (var at in _waiting.Keys.Where(at => at.Uid == uid && which(at)).ToList())
        {
            _waiting.TryRemove(at, out _);
        }
    }

    private sealed record SeenReplica(string Name, bool IsReady, DateTimeOffset StartedAt, SimulatedLabels Labels)
    {
        public string Incarnation => StartedAt.UtcTicks.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
    }
}
