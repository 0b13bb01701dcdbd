using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Npgsql;
using Orrery.Builder.Planning;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Contracts;

namespace Orrery.Builder.Reconciling;

/// <summary>Keeps the end of the log of replicas whose server has ended, and of those that are about to be removed: what they wrote goes with them otherwise.</summary>
internal sealed partial class LastWords(LogStore store, TimeProvider time, ILogger<LastWords> logger)
{
    private const int MostLines = 200;
    private const int MostCharacters = 64 * 1024;
    private const int LongestLine = 4 * 1024;
    private const int ShortestSecret = 6;

    /// <summary>One that drains is removed step by step, and writes meanwhile.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Which start of a replica's server was kept last, and when; its end is kept once more, in place of what it had written before.
    private readonly ConcurrentDictionary<(string Uid, int Revision, int Ordinal), (string Incarnation, bool HasEnded, long At)> _kept = new();

    /// <param name="secrets">Values that are in no log that is kept.</param>
    public async Task KeepAsync(DeploymentKey key, ITarget target, RolloutPlan plan, IReadOnlyList<SeenReplica> replicas, Func<int, Task<IEnumerable<string>>> secrets, CancellationToken cancellationToken)
    {
        // Simulated ones write nothing.
        if (target.Name == DeploymentTargets.Simulated)
        {
            return;
        }

        var left = LogStore.Most;
        foreach (var replica in replicas.Select(seen => seen.Replica).Where(replica => replica is { Incarnation.Length: > 0, State: not ReplicaState.Waiting }))
        {
            var hasEnded = replica.State == ReplicaState.Failed;
            var isLeaving = plan.Leaving.Contains(replica.Revision) || replica.Ordinal >= plan.Counts.GetValueOrDefault(replica.Revision);
            if ((hasEnded || isLeaving) && left > 0 && IsNew((key.Uid, replica.Revision, replica.Ordinal), replica.Incarnation, hasEnded))
            {
                left--; // More are not kept, and removing a fleet does not wait for what all of it wrote.
                await KeepAsync(key, target, replica, secrets, cancellationToken);
            }
        }
    }

    public void Forget(DeploymentKey key)
    {
        foreach (var known in _kept.Keys.Where(known => known.Uid == key.Uid).ToList())
        {
            _kept.TryRemove(known, out _);
        }
    }

    private bool IsNew((string Uid, int Revision, int Ordinal) replica, string incarnation, bool hasEnded)
    {
        if (_kept.TryGetValue(replica, out var last) && last.Incarnation == incarnation && last.HasEnded == hasEnded && (hasEnded || time.GetElapsedTime(last.At) < Again))
        {
            return false;
        }

        _kept[replica] = (incarnation, hasEnded, time.GetTimestamp());
        return true;
    }

    private async Task KeepAsync(DeploymentKey key, ITarget target, Replica replica, Func<int, Task<IEnumerable<string>>> secrets, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var lines = await target.LogsAsync(key, replica, new LogQuestion(Tail: MostLines), limit.Token).ToListAsync(limit.Token);
            if (lines.Count > 0)
            {
                await store.KeepAsync(key, replica.Revision, replica.Ordinal, replica.Incarnation, Written(lines, await secrets(replica.Revision)), limit.Token);
            }
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is TargetException or OperationCanceledException or NpgsqlException or HttpRequestException)
        {
            // A log is no reason to keep a server that is to go.
            Log.NotKept(logger, replica.Ordinal, replica.Revision, key, error.Message);
        }
    }

    /// <summary>As the API answers it, from the end as much as is kept.</summary>
    internal static string Written(IReadOnlyList<LogLine> lines, IEnumerable<string> secrets)
    {
        var hidden = secrets.SelectMany(value => value.Split('\n', StringSplitOptions.TrimEntries)).Where(value => value.Length >= ShortestSecret).ToList();
        var kept = new List<string>();
        var size = 0;
        foreach (var line in lines.Reverse())
        {
            var text = hidden.Aggregate(line.Text.Replace("\0", "", StringComparison.Ordinal), (shown, value) => shown.Replace(value, "…", StringComparison.Ordinal));
            text = LogText.Of(line with { Text = LogText.Masked(text.Length > LongestLine ? text[..LongestLine] + "…" : text) });
            size += text.Length + 1;
            if (kept.Count == MostLines || size > MostCharacters)
            {
                break;
            }

            kept.Add(text);
        }

        var written = new StringBuilder(Math.Min(size, MostCharacters));
        foreach (var text in kept.AsEnumerable().Reverse())
        {
            written.Append(CultureInfo.InvariantCulture, $"{text}\n");
        }

        return written.ToString();
    }

    private static partial class Log
    {
        [LoggerMessage(321, LogLevel.Debug, "The log of replica {Ordinal} of revision {Revision} of {Deployment} could not be kept: {Reason}", EventName = "LogNotKept")]
        public static partial void NotKept(ILogger logger, int ordinal, int revision, DeploymentKey deployment, string reason);
    }
}
