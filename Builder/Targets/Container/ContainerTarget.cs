using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>Replicas as containers of podman or docker on this machine.</summary>
/// <remarks>
/// All that has to be known is in the containers' labels: they outlive the Builder, and one that starts anew finds them. A crashed server gets a new
/// container in its place; the old one is kept under another name until the next crash, for its log.
/// </remarks>
internal sealed class ContainerTarget : ITarget, IAsyncDisposable
{
    private readonly ContainerTool _tool;
    private readonly Fleet _fleet;
    private readonly ImageStore _images;
    private readonly GpuPool _gpus;
    private readonly HealthProbes _probes;
    private readonly Endings _endings;
    private readonly Autopsy _autopsy;
    private readonly Problems _problems;
    private readonly Placement _placement;
    private readonly ContainerEvents _events;
    private readonly ContainerOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new();
    private Machine? _machine;

    /// <param name="installation">An id of this Builder's own: what has another's is never touched.</param>
    /// <param name="progress">Told which deployment waits for an image, and what the tool says while it comes.</param>
    /// <param name="gpus">Those of this machine where absent.</param>
    /// <param name="environment">Variables for the tool, beside this process's own.</param>
    public ContainerTarget(
        ContainerOptions options,
        string installation,
        TimeProvider time,
        ILogger<ContainerTarget> logger,
        Action<DeploymentKey, string>? progress = null,
        GpuPool? gpus = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        _options = options;
        _time = time;
        _tool = new ContainerTool(options, time, logger, environment);
        _fleet = new Fleet(_tool, installation, time);
        _images = new ImageStore(_tool, options, time, logger, progress);
        _gpus = gpus ?? new GpuPool(time);
        _problems = new Problems(time);
        _placement = new Placement(_fleet, _tool, _images, _gpus, _problems, options, MachineAsync);
        _autopsy = new Autopsy(_fleet, time);
        _events = new ContainerEvents(_tool, _fleet, time, logger);
        _probes = new HealthProbes(time, _events.Hint);
        _endings = new Endings(_fleet, time, _events.Hint);
    }

    public string Name => DeploymentTargets.Container;

    public async Task<Inventory> InventoryAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        var containers = (await _fleet.AllAsync(cancellationToken)).Where(one => !one.IsBefore).Select(one => one.Labels).ToList();
        var machine = await MachineAsync(cancellationToken);
        return new Inventory([machine.ToNode(await _tool.FindAsync(cancellationToken), await _gpus.AllAsync(cancellationToken), containers)], [], machine.ToRoom(_options, containers));
    }

    public Task<ResolvedImage> ResolveImageAsync(DeploymentKey key, string reference, string? wish, CancellationToken cancellationToken) =>
        _images.ResolveAsync(key, reference, cancellationToken);

    public async Task<IReadOnlyList<Replica>> ObserveAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        var all = await _fleet.AllAsync(cancellationToken);
        var own = all.Where(one => one.Labels.Installation == _fleet.Installation).ToList();
        _probes.Keep(own);
        _endings.Keep(own);
        _autopsy.Keep(own);

        var place = (await MachineAsync(cancellationToken)).Name;
        var replicas = await Task.WhenAll(own.Where(one => one.Labels.Key.Uid == key.Uid && !one.IsBefore).Select(one => ViewAsync(one, place, cancellationToken)));
        var missing = _problems.Of(key.Uid).Where(problem => !replicas.Any(one => one.Revision == problem.Revision && one.Ordinal == problem.Ordinal));
        return [.. replicas.Concat(missing.Select(Unmade)).OrderBy(one => one.Revision).ThenBy(one => one.Ordinal)];
    }

    public async Task ApplyAsync(WantedReplicas wanted, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(wanted.Key, cancellationToken);
        var all = await _fleet.AllNowAsync(cancellationToken);
        _problems.Forget(wanted.Key.Uid, one => one.Revision == wanted.Revision && one.Ordinal >= wanted.Count);
        foreach (var surplus in _fleet.Of(all, wanted.Key.Uid).Where(one => one.Labels.Revision == wanted.Revision && one.Labels.Ordinal >= wanted.Count))
        {
            await _endings.StepAsync(surplus, cancellationToken);
        }

        TargetException? first = null;
        for (var ordinal = 0; ordinal < wanted.Count; ordinal++)
        {
            try
            {
                await EnsureAsync(wanted, ordinal, all, cancellationToken);
            }
            catch (TargetException error) when (error.Reason != ContainerTool.Unavailable)
            {
                // One that cannot be made keeps no other from being made.
                first ??= error;
            }
        }

        if (first is not null)
        {
            throw first;
        }
    }

    public Task<bool> RemoveAsync(DeploymentKey key, int revision, CancellationToken cancellationToken) =>
        RemoveAsync(key, revision, one => one.Labels.Revision == revision, one => one.Revision == revision, cancellationToken);

    public Task<bool> RemoveAllAsync(DeploymentKey key, CancellationToken cancellationToken) => RemoveAsync(key, null, _ => true, _ => true, cancellationToken);

    public async IAsyncEnumerable<LogLine> LogsAsync(
        DeploymentKey key, Replica replica, LogQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var name = NameOf(key, replica.Revision, replica.Ordinal) + (question.Previous ? SeenContainer.BeforeSuffix : "");
        var all = await _fleet.AllAsync(cancellationToken);
        if (_fleet.Of(all, key.Uid).FirstOrDefault(one => one.Name == name) is not { } container)
        {
            yield break;
        }

        await foreach (var line in new ContainerLog(_tool).ReadAsync(container.Id, question, cancellationToken))
        {
            yield return line;
        }
    }

    public IAsyncEnumerable<string> WatchAsync(CancellationToken cancellationToken) => _events.WatchAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _probes.DisposeAsync();
        _endings.Dispose();
        _images.Dispose();
        _fleet.Dispose();
        _tool.Dispose();
    }

    /// <summary>Brings one replica a step nearer to running.</summary>
    private async Task EnsureAsync(WantedReplicas wanted, int ordinal, IReadOnlyList<SeenContainer> all, CancellationToken cancellationToken)
    {
        var name = NameOf(wanted.Key, wanted.Revision, ordinal);
        var container = all.FirstOrDefault(one => one.Name == name);
        var before = all.FirstOrDefault(one => one.Name == name + SeenContainer.BeforeSuffix && _fleet.Of([one], wanted.Key.Uid).Count > 0);
        if (container is null)
        {
            if (_problems.MustWait(wanted.Key.Uid, wanted.Revision, ordinal))
            {
                return;
            }

            await _placement.CreateAsync(wanted, ordinal, name, before, before is not null && HasServed(before), cancellationToken);
            return;
        }

        if (!IsOwn(container, wanted.Key))
        {
            throw Placement.Taken(name);
        }

        // One of a deployment of this name that is no more, one that runs something else, one that was to end and is wanted again: first it goes.
        if (container.Labels.Key.Uid != wanted.Key.Uid || container.Labels.Template != TemplateHash.Of(wanted.Template) || _endings.IsEnding(container))
        {
            await _endings.StepAsync(container, cancellationToken);
        }
        else if (container.HasNeverStarted)
        {
            await _placement.StartAsync(wanted.Key, wanted.Revision, ordinal, container.Id, cancellationToken);
        }
        else if (container.Runs)
        {
            _problems.Solved(wanted.Key.Uid, wanted.Revision, ordinal);
            await KillIfStuckAsync(container, cancellationToken);
        }
        else if (container.HasEnded)
        {
            await AgainAsync(wanted, ordinal, container, cancellationToken);
        }
        else
        {
            // Neither: its removal was begun and cut off.
            await _fleet.RemoveAsync(container.Id, cancellationToken);
        }
    }

    /// <summary>Starts a server that has ended in a new container, when it is time.</summary>
    private async Task AgainAsync(WantedReplicas wanted, int ordinal, SeenContainer ended, CancellationToken cancellationToken)
    {
        var restart = RestartOf(ended);
        if (restart.GivesUp || _time.GetUtcNow() < restart.At)
        {
            return;
        }

        // Looked into while its log is the newest.
        await _autopsy.OfAsync(ended, cancellationToken);
        await _fleet.RemoveAsync(ended.Name + SeenContainer.BeforeSuffix, cancellationToken);
        var renamed = await _fleet.ChangeAsync(["rename", ended.Id, ended.Name + SeenContainer.BeforeSuffix], cancellationToken);
        if (!renamed.IsSuccess)
        {
            throw new TargetException(ContainerTool.Unavailable, $"The container {ended.Name} that has ended cannot be set aside: {renamed.Complaint}. It is tried again.");
        }

        await _placement.CreateAsync(wanted, ordinal, ended.Name, ended, HasServed(ended), cancellationToken);
    }

    private async Task KillIfStuckAsync(SeenContainer container, CancellationToken cancellationToken)
    {
        var health = await _probes.OfAsync(container, cancellationToken);
        if (StandingOf(container, health) == Standing.Stuck)
        {
            _autopsy.Note(container, Standings.WhyStuck(health, container.Labels.Probe));
            await _fleet.SignalAsync(container, "KILL", cancellationToken);
        }
    }

    private async Task<bool> RemoveAsync(
        DeploymentKey key, int? ofRevision, Func<SeenContainer, bool> which, Func<Problem, bool> whichProblem, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(key, cancellationToken);
        _problems.Forget(key.Uid, whichProblem);
        var left = false;
        foreach (var container in _fleet.Of(await _fleet.AllNowAsync(cancellationToken), key.Uid).Where(which))
        {
            left |= !await _endings.StepAsync(container, cancellationToken);
        }

        if (!left)
        {
            await _fleet.RemoveVolumesAsync(key.Uid, ofRevision, cancellationToken);
        }

        return !left;
    }

    private async Task<Replica> ViewAsync(SeenContainer container, string place, CancellationToken cancellationToken)
    {
        var labels = container.Labels;
        var replica = new Replica(
            labels.Revision, labels.Ordinal, container.Incarnation, ReplicaState.Starting, container.Runs ? container.Address : null,
            Place: place, Restarts: labels.Restarts, Since: container.Created);
        if (_endings.IsEnding(container))
        {
            return replica with { State = ReplicaState.Ending };
        }

        if (container.Runs)
        {
            var health = await _probes.OfAsync(container, cancellationToken);
            return StandingOf(container, health) switch
            {
                Standing.Ready => replica with { State = ReplicaState.Ready },
                Standing.Starting => replica with { Message = $"The server has not answered yet: {health.Last}." },
                Standing.Unready => replica with
                {
                    State = ReplicaState.Unready,
                    Reason = ReplicaReasons.NotAnswering,
                    Message = $"The server does not answer: GET {labels.Probe.Path} failed {health.Failures} times in a row ({health.Last}). It is started again if it goes on.",
                },
                _ when Standings.WhyStuck(health, labels.Probe) is var why => replica with { State = ReplicaState.Failed, Reason = why.Reason, Message = why.Message },
                _ => replica,
            };
        }

        if (container.HasEnded)
        {
            return await EndedAsync(replica, container, cancellationToken);
        }

        return _problems.Of(labels.Key.Uid, labels.Revision, labels.Ordinal) is { } problem
            ? replica with { State = problem.State, Reason = problem.Reason, Message = problem.Message }
            : replica with { Message = "The container is created and about to be started." };
    }

    private async Task<Replica> EndedAsync(Replica replica, SeenContainer container, CancellationToken cancellationToken)
    {
        var cause = await _autopsy.OfAsync(container, cancellationToken);
        var restart = RestartOf(container);
        var failed = replica with { State = ReplicaState.Failed, Reason = cause.Reason };
        if (restart.GivesUp)
        {
            return failed with { Reason = ReplicaReasons.Crashes, Message = $"The server ended {Restart.Chances} times without ever having answered, and is not started again. {cause.Message}" };
        }

        // The moment and not what is left until it: a message that is another each second would be news each second.
        return failed with { Message = cause.Message, Outlook = string.Create(CultureInfo.InvariantCulture, $"It is started again at {restart.At.UtcDateTime:HH:mm:ss} UTC.") };
    }

    private static Replica Unmade(Problem problem) =>
        new(problem.Revision, problem.Ordinal, "", problem.State, Reason: problem.Reason, Message: problem.Message);

    private Restart RestartOf(SeenContainer ended)
    {
        var end = ended.Finished ?? ended.Created;
        return Restart.After(ended.Labels.Restarts, ended.Labels.Crashes, HasServed(ended), ended.Started ?? end, end);
    }

    private bool HasServed(SeenContainer container) => container.Labels.Served || _probes.HasAnswered(container.Incarnation);

    private Standing StandingOf(SeenContainer container, Health health) => Standings.Of(health, container.Labels.Probe, container.Started ?? container.Created, _time.GetUtcNow());

    /// <summary>This installation's, and of a deployment of the same name, be it an earlier one.</summary>
    private bool IsOwn(SeenContainer container, DeploymentKey key) =>
        container.Labels.Installation == _fleet.Installation && container.Labels.Key.Namespace == key.Namespace && container.Labels.Key.Name == key.Name;

    private string NameOf(DeploymentKey key, int revision, int ordinal) => ReplicaNames.Of(_options.Prefix, key, revision, ordinal);

    private async Task<Machine> MachineAsync(CancellationToken cancellationToken)
    {
        if (_machine is null)
        {
            var answer = await _tool.RunAsync(["info", "--format", "{{json .}}"], cancellationToken);
            _machine = answer.IsSuccess ? Machine.Parse(answer.Output) : throw new TargetException(ContainerTool.Unavailable, $"The machine cannot be looked at: {answer.Complaint}. It is tried again.");
        }

        return _machine;
    }

    /// <summary>What changes a deployment's containers takes turns; two deployments do not wait for each other.</summary>
    private async Task<Turn> TakeTurnAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        var turn = _turns.GetOrAdd($"{key.Namespace}/{key.Name}", _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
