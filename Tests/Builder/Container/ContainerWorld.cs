using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Builder;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Container;
using Orrery.Contracts;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.Container;

/// <summary>An installation of its own on this machine's podman. When it ends, nothing of it may be left, and the test fails if something is.</summary>
internal sealed class ContainerWorld : IAsyncDisposable
{
    private static int _worlds;
    private readonly List<ContainerTarget> _targets = [];
    private readonly HashSet<DeploymentKey> _keys = [];
    private readonly ContainerOptions _options;
    private readonly GpuPool? _gpus;
    private readonly IReadOnlyDictionary<string, string>? _environment;

    public ContainerWorld(Action<ContainerOptions>? configure = null, GpuPool? gpus = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        _options = new ContainerOptions { Tool = "podman", Prefix = Leftovers.Mine, Arguments = [.. ServerImage.Limits], Overcommit = 0 };
        configure?.Invoke(_options);
        _gpus = gpus;
        _environment = environment;
        Installation = string.Create(CultureInfo.InvariantCulture, $"{Leftovers.Mine}-{Interlocked.Increment(ref _worlds)}");
        Target = NewTarget();
    }

    public string Installation { get; }

    public AheadTime Time { get; } = new();

    public ContainerTarget Target { get; private set; }

    public List<string> Progress { get; } = [];

    /// <summary>A Builder that was killed and starts anew: it knows nothing but what the containers say.</summary>
    public async Task RestartAsync()
    {
        _targets.Remove(Target);
        await Target.DisposeAsync();
        Target = NewTarget();
    }

    public ContainerTarget NewTarget(Action<ContainerOptions>? configure = null)
    {
        var options = new ContainerOptions
        {
            Tool = _options.Tool,
            Prefix = _options.Prefix,
            Network = _options.Network,
            FirstPort = _options.FirstPort,
            LastPort = _options.LastPort,
            ModelsFolder = _options.ModelsFolder,
            PidsLimit = _options.PidsLimit,
            LogMegabytes = _options.LogMegabytes,
            PullWithin = _options.PullWithin,
            Overcommit = _options.Overcommit,
            Arguments = _options.Arguments,
        };
        configure?.Invoke(options);
        var target = new ContainerTarget(options, Installation, Time, NullLogger<ContainerTarget>.Instance, (_, line) => Progress.Add(line), _gpus, _environment);
        _targets.Add(target);
        return target;
    }

    public DeploymentKey Key(string name = "box", string ns = "default", string? uid = null)
    {
        var key = new DeploymentKey(ns, name, uid ?? Guid.CreateVersion7(Time.GetUtcNow()).ToString());
        _keys.Add(key);
        return key;
    }

    public static RevisionTemplate Template(string mode = "httpd") => new()
    {
        ModelId = "tiny",
        ModelType = ModelTypes.Chat,
        Engine = Engines.Vllm,
        Image = ServerImage.Name,
        Arguments = mode == "httpd" ? null : ["--port", "8000", "--mode", mode],
        Cache = WeightCaches.SharedVolume,
        Probes = new TemplateProbes(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 3),
        Drain = TimeSpan.FromSeconds(20),
    };

    public static WantedReplicas Wanted(DeploymentKey key, RevisionTemplate template, int count = 1, int revision = 1, IReadOnlyDictionary<string, string>? secrets = null) =>
        new(key, revision, template, count, secrets ?? new Dictionary<string, string>());

    /// <summary>Applies and observes, as a reconciler does, until what is seen is as expected.</summary>
    public Task<IReadOnlyList<Replica>> UntilAsync(WantedReplicas wanted, Func<IReadOnlyList<Replica>, bool> holds) => Eventually.Holds(
        async () =>
        {
            await Target.ApplyAsync(wanted, TestContext.Current.CancellationToken);
            return new Seen(await Target.ObserveAsync(wanted.Key, TestContext.Current.CancellationToken));
        },
        seen => holds(seen.Replicas),
        TimeSpan.FromSeconds(60)).ContinueWith(seen => seen.Result.Replicas, TaskScheduler.Default);

    public async Task<Replica> ReadyAsync(WantedReplicas wanted) =>
        (await UntilAsync(wanted, seen => seen.Count == wanted.Count && seen.All(one => one.State == ReplicaState.Ready)))[0];

    public Task<IReadOnlyList<Replica>> SeenAsync(DeploymentKey key) => Target.ObserveAsync(key, TestContext.Current.CancellationToken);

    /// <summary>Names of the containers of this installation.</summary>
    public async Task<string[]> ContainersAsync() =>
        Lines((await PodmanAsync("ps", "--all", "--format", "{{.Names}}", "--filter", $"label={ContainerLabels.InstallationLabel}={Installation}")).Text);

    public static async Task<string[]> VolumesAsync() => [.. Lines((await PodmanAsync("volume", "ls", "--quiet")).Text).Where(name => name.StartsWith(Leftovers.Mine, StringComparison.Ordinal))];

    public static Task<Answer> PodmanAsync(params string[] arguments) => Command.RunAsync("podman", arguments);

    public async ValueTask DisposeAsync()
    {
        Time.Advance(TimeSpan.FromHours(2));
        foreach (var key in _keys)
        {
            await Eventually.Holds(() => Target.RemoveAllAsync(key, TestContext.Current.CancellationToken), gone => gone);
        }

        foreach (var target in _targets)
        {
            await target.DisposeAsync();
        }

        Assert.Empty(await ContainersAsync());
        foreach (var volume in await VolumesAsync())
        {
            Assert.Contains("-models-", volume, StringComparison.Ordinal);
            // In a test of two installations the other one may still have it; it is the last one to remove it.
            await PodmanAsync("volume", "rm", volume);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private sealed record Seen(IReadOnlyList<Replica> Replicas)
    {
        public override string ToString() => string.Join("; ", Replicas);
    }
}
