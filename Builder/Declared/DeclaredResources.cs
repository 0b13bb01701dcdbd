using System.Collections.Concurrent;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Builder.Declared;

/// <summary>What is declared: every ModelDeployment and GpuClass, kept in step with the Catalogue by a watch each.</summary>
internal sealed partial class DeclaredResources(CatalogueClient catalogue, TimeProvider time, Dice dice, ILogger<DeclaredResources> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, DeclaredDeployment> _deployments = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, GpuClassSpec> _gpuClasses = new Dictionary<string, GpuClassSpec>();
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends once all that is declared is known: what is not declared then is gone.</summary>
    public Task Known => _known.Task;

    public IReadOnlyDictionary<string, GpuClassSpec> GpuClasses => _gpuClasses;

    public IEnumerable<DeclaredDeployment> All => _deployments.Values;

    /// <summary>By its uid.</summary>
    public DeclaredDeployment? Find(string uid) => _deployments.GetValueOrDefault(uid);

    /// <summary>By its name.</summary>
    public DeclaredDeployment? Find(string @namespace, string name) =>
        _deployments.Values.FirstOrDefault(deployment => deployment.Metadata.Name == name && deployment.Metadata.Namespace == @namespace);

    /// <param name="changed">Called with each deployment that is new or other, or that went; with all when the GpuClasses change, which one of them may have waited for.</param>
    public Task FollowAsync(Action<DeploymentKey> changed, CancellationToken cancellationToken) => Task.WhenAll(
        FollowAsync(ResourceKind.ModelDeployment, changes => TakeDeployments(changes, changed), cancellationToken),
        FollowAsync(ResourceKind.GpuClass, changes => TakeGpuClasses(changes, changed), cancellationToken));

    private async Task FollowAsync(ResourceKind kind, Func<IAsyncEnumerable<WatchedChange>, Task> take, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                await take(catalogue.WatchAsync(kind, cancellationToken));
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested
                && error is HttpRequestException or IOException or JsonException or OperationCanceledException or Polly.Timeout.TimeoutRejectedException)
            {
                Log.Away(logger, kind.Plural, error.Message);
            }

            pause = time.GetElapsedTime(started) > LongestPause ? FirstPause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            await Task.Delay(pause * (0.5 + (dice.Next(1_000) / 1_000.0)), time, cancellationToken);
        }
    }

    private async Task TakeDeployments(IAsyncEnumerable<WatchedChange> changes, Action<DeploymentKey> changed)
    {
        // Up to the first bookmark it is told what there is: whatever is known and not told has gone meanwhile.
        var told = new HashSet<string>(StringComparer.Ordinal);
        var isWhole = false;
        await foreach (var change in changes)
        {
            if (change.Object is { } resource)
            {
                Take(change.Type, DeclaredDeployment.Of(resource), changed);
                told.Add(resource.Metadata.Uid!);
            }
            else if (!isWhole)
            {
                isWhole = true;
                foreach (var gone in _deployments.Values.Where(deployment => !told.Contains(deployment.Key.Uid)))
                {
                    Take("DELETED", gone, changed);
                }

                _known.TrySetResult();
            }
        }
    }

    private void Take(string type, DeclaredDeployment deployment, Action<DeploymentKey> changed)
    {
        var known = _deployments.GetValueOrDefault(deployment.Key.Uid);
        if (type == "DELETED")
        {
            _deployments.TryRemove(deployment.Key.Uid, out _);
            changed(deployment.Key);
            return;
        }

        _deployments[deployment.Key.Uid] = deployment;

        // A status is our own word: to hear it again is no news.
        if (known is null || known.Metadata.Generation != deployment.Metadata.Generation || known.IsGoing != deployment.IsGoing || known.IsHeld != deployment.IsHeld)
        {
            changed(deployment.Key);
        }
    }

    private async Task TakeGpuClasses(IAsyncEnumerable<WatchedChange> changes, Action<DeploymentKey> changed)
    {
        var classes = new Dictionary<string, GpuClassSpec>(StringComparer.Ordinal);
        var isNews = false;
        await foreach (var change in changes)
        {
            if (change.Object is { Metadata.Namespace: ResourceMetadata.DefaultNamespace } resource)
            {
                isNews = true;
                classes.Remove(resource.Metadata.Name);
                if (change.Type != "DELETED")
                {
                    classes.Add(resource.Metadata.Name, resource.Spec.Deserialize(ContractsJson.Default.GpuClassSpec)!);
                }
            }

            if (change.Object is null)
            {
                _gpuClasses = new Dictionary<string, GpuClassSpec>(classes, StringComparer.Ordinal); // A bookmark: all of a batch has been told.
                foreach (var deployment in isNews ? _deployments.Values : [])
                {
                    changed(deployment.Key);
                }

                isNews = false;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(301, LogLevel.Warning, "What is declared ({Kind}) cannot be followed just now: {Reason}", EventName = "CatalogueAway")]
        public static partial void Away(ILogger logger, string kind, string reason);
    }
}
