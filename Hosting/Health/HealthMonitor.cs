using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Asks the health checks of each resource while it runs, and calls its ready handlers when it is healthy for the first time after a start.</summary>
internal sealed class HealthMonitor(
    HealthCheckService checks,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    IDistributedApplicationEventing eventing,
    IServiceProvider services,
    TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPauseUntilHealthy = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseOnceHealthy = TimeSpan.FromSeconds(5);

    /// <summary>Watches one resource until the graph stops.</summary>
    public async Task WatchAsync(IResource resource, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var running = await notifications.WaitForResourceAsync(resource.Name, IsRunning, stop);
                await WatchRunAsync(resource, running, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The graph stops.
        }
    }

    private async Task WatchRunAsync(IResource resource, ResourceEvent running, CancellationToken stop)
    {
        var start = running.Snapshot.StartTimeStamp;
        var keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(one => one.Key).ToHashSet(StringComparer.Ordinal);
        var pause = FirstPause;
        var ready = ReadyOf(resource);
        while (notifications.TryGetCurrentState(running.ResourceId, out var now) && IsRunning(now) && now.Snapshot.StartTimeStamp == start)
        {
            var reports = keys.Count == 0 ? [] : await AskAsync(keys, stop);
            var isHealthy = reports.All(one => one.Status == HealthStatus.Healthy);
            if (isHealthy && ready is null)
            {
                ready = RaiseReadyAsync(resource, stop);
            }

            await PublishAsync(resource, reports, ready);
            pause = ready is not null ? PauseOnceHealthy : Shorter(pause * 1.5, LongestPauseUntilHealthy);
            await EndOfRunAsync(running.ResourceId, start, pause, stop);
        }
    }

    /// <summary>Of a copy that ran on while the one that was watched ended: the resource was ready all the time, and is not announced again.</summary>
    private Task? ReadyOf(IResource resource) => InstanceNames.Of(resource)
        .Select(id => notifications.TryGetCurrentState(id, out var one) && IsRunning(one) ? one.Snapshot.Ready : null)
        .FirstOrDefault(ready => ready is not null);

    // Ends early when the run does, so that a quick restart is noticed.
    private async Task EndOfRunAsync(string id, DateTime? start, TimeSpan pause, CancellationToken stop)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var over = notifications.WaitForResourceAsync(
            InstanceOwner(id), change => change.ResourceId == id && (!IsRunning(change) || change.Snapshot.StartTimeStamp != start), waiting.Token);
        await Task.WhenAny(over, Task.Delay(pause, time, waiting.Token));
        await waiting.CancelAsync();
        stop.ThrowIfCancellationRequested();
    }

    private string InstanceOwner(string id) => notifications.TryGetCurrentState(id, out var state) ? state.Resource.Name : id;

    private async Task<ImmutableArray<HealthReportSnapshot>> AskAsync(HashSet<string> keys, CancellationToken stop)
    {
        var report = await checks.CheckHealthAsync(one => keys.Contains(one.Name), stop);
        var known = report.Entries.Select(entry =>
            new HealthReportSnapshot(entry.Key, entry.Value.Status, entry.Value.Description ?? entry.Value.Exception?.Message, entry.Value.Exception?.ToString()));
        var unknown = keys.Where(key => !report.Entries.ContainsKey(key)).Select(key =>
            new HealthReportSnapshot(key, HealthStatus.Unhealthy, $"No health check is registered as '{key}': call builder.Services.AddHealthChecks().", ExceptionText: null));
        return [.. known, .. unknown];
    }

    private async Task PublishAsync(IResource resource, ImmutableArray<HealthReportSnapshot> reports, Task? ready)
    {
        foreach (var id in InstanceNames.Of(resource))
        {
            if (notifications.TryGetCurrentState(id, out var now) && IsRunning(now) && !(now.Snapshot.Ready == ready && now.Snapshot.HealthReports.SequenceEqual(reports)))
            {
                LogChange(resource, now.Snapshot.HealthReports, reports);
                await notifications.PublishUpdateAsync(resource, id, one => one.State?.Text == KnownResourceStates.Running
                    ? one with { HealthReports = reports, Ready = ready }
                    : one);
            }
        }
    }

    private void LogChange(IResource resource, ImmutableArray<HealthReportSnapshot> before, ImmutableArray<HealthReportSnapshot> now)
    {
        foreach (var report in now.Where(one => one.Status != HealthStatus.Healthy && before.All(other => other.Name != one.Name || other.Description != one.Description)))
        {
            loggers.Add(resource.Name, $"Not healthy yet: {report.Description ?? report.Name}", isError: false);
        }
    }

    private async Task RaiseReadyAsync(IResource resource, CancellationToken stop)
    {
        try
        {
            await eventing.PublishAsync(new ResourceReadyEvent(resource, services), stop);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whoever waits for the resource gets the exception; this is for whoever reads its log.
            loggers.Add(resource.Name, $"A ready handler failed: {error.Message}", isError: true);
            throw;
        }
    }

    private static bool IsRunning(ResourceEvent change) => change.Snapshot.State?.Text == KnownResourceStates.Running;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
