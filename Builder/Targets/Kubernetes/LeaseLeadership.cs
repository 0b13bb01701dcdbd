using System.Globalization;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>Leads whoever holds a Lease of the cluster, as the cluster's own controllers do it.</summary>
/// <remarks>
/// Nobody's clock is believed: the holder stops <see cref="Term"/> after its last renewal by its own watch, and others take over when
/// they have not seen the Lease change for <see cref="Duration"/>, by theirs. Writing is conditional on what was read, so that of two that
/// take over at the same moment one is refused.
/// </remarks>
internal sealed partial class LeaseLeadership(
    KubernetesClient client, string ns, string name, string identity, TimeProvider time, ILogger<LeaseLeadership> logger) : ILeadership
{
    private (string Version, long At)? _seen;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    public LeadershipTerm Term { get; init; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));

    public async Task RunAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var since = time.GetTimestamp();
            if (await TryTakeAsync(cancellationToken))
            {
                Log.Leads(logger, identity, name, ns);
                try
                {
                    if (await Term.HoldAsync(whileLeading, RenewAsync, error => error is KubernetesException or TargetException, since, time, cancellationToken))
                    {
                        return;
                    }
                }
                finally
                {
                    Log.LeadsNoMore(logger, identity, name, ns);
                    await GiveBackAsync();
                }
            }

            await Task.Delay(Term.Every, time, cancellationToken);
        }
    }

    private async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var lease = await client.FindAsync(KubernetesResource.Leases, ns, name, cancellationToken);
            if (lease is null)
            {
                await client.CreateAsync(KubernetesResource.Leases, ns, Body(null), cancellationToken);
                return true;
            }

            if (Holder(lease) is { Length: > 0 } holder && holder != identity && !IsExpired(lease))
            {
                return false;
            }

            await client.UpdateAsync(KubernetesResource.Leases, ns, Body(lease), cancellationToken);
            return true;
        }
        catch (KubernetesException error) when (error.Status == 409)
        {
            return false; // Another was faster.
        }
        catch (Exception error) when (error is KubernetesException or TargetException)
        {
            Log.Away(logger, error.Message);
            return false;
        }
    }

    /// <returns>False: another holds it.</returns>
    private async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var lease = await client.FindAsync(KubernetesResource.Leases, ns, name, cancellationToken);
        if (lease is null || Holder(lease) != identity)
        {
            return false;
        }

        await client.UpdateAsync(KubernetesResource.Leases, ns, Body(lease), cancellationToken);
        return true;
    }

    /// <summary>So that the next need not wait; where it fails, the next waits.</summary>
    private async Task GiveBackAsync()
    {
        using var soon = new CancellationTokenSource(Term.Every, time);
        try
        {
            if (await client.FindAsync(KubernetesResource.Leases, ns, name, soon.Token) is { } lease && Holder(lease) == identity)
            {
                var body = Body(lease);
                body["spec"]!["holderIdentity"] = "";
                body["spec"]!["leaseDurationSeconds"] = 1;
                await client.UpdateAsync(KubernetesResource.Leases, ns, body, soon.Token);
            }
        }
        catch (Exception error) when (error is KubernetesException or TargetException or OperationCanceledException)
        {
            Log.Away(logger, error.Message);
        }
    }

    // The holder says how long it may be silent; we count from when we first saw its last word.
    private bool IsExpired(JsonObject lease)
    {
        var version = lease.Text("metadata", "resourceVersion") ?? "";
        if (_seen is not { } seen || seen.Version != version)
        {
            _seen = (version, time.GetTimestamp());
            return false;
        }

        var silence = TimeSpan.FromSeconds(Math.Max(lease.Whole("spec", "leaseDurationSeconds") ?? 0, Duration.TotalSeconds));
        return time.GetElapsedTime(seen.At) > silence;
    }

    private static string Holder(JsonObject lease) => lease.Text("spec", "holderIdentity") ?? "";

    private JsonObject Body(JsonObject? there)
    {
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        var isOurs = there is not null && Holder(there) == identity;
        var body = there?.DeepClone().AsObject() ?? new JsonObject
        {
            ["apiVersion"] = KubernetesResource.Leases.ApiVersion,
            ["kind"] = KubernetesResource.Leases.Kind,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        };
        body["spec"] = new JsonObject
        {
            ["holderIdentity"] = identity,
            ["leaseDurationSeconds"] = (int)Math.Ceiling(Duration.TotalSeconds),
            ["acquireTime"] = (isOurs ? there.Text("spec", "acquireTime") : null) ?? now,
            ["renewTime"] = now,
            ["leaseTransitions"] = (there.Whole("spec", "leaseTransitions") ?? 0) + (there is null || isOurs ? 0 : 1),
        };
        return body;
    }

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Information, "This Builder ({Identity}) leads: it holds the Lease {Name} in namespace {Namespace}", EventName = "LeaseTaken")]
        public static partial void Leads(ILogger logger, string identity, string name, string @namespace);

        [LoggerMessage(2302, LogLevel.Information, "This Builder ({Identity}) leads no more: Lease {Name} in namespace {Namespace}", EventName = "LeaseGivenBack")]
        public static partial void LeadsNoMore(ILogger logger, string identity, string name, string @namespace);

        [LoggerMessage(2303, LogLevel.Warning, "The Lease cannot be asked ({Reason}); tried again", EventName = "LeaseAway")]
        public static partial void Away(ILogger logger, string reason);
    }
}
