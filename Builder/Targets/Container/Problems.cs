using System.Collections.Concurrent;

namespace Orrery.Builder.Targets.Container;

/// <summary>Why a replica that is wanted has no container, or none that starts.</summary>
/// <param name="Times">How often it was tried.</param>
internal sealed record Problem(string Uid, int Revision, int Ordinal, ReplicaState State, string Reason, string Message, int Times, DateTimeOffset Again);

/// <summary>What stood in the way of replicas when they were last made. Only in memory: a Builder that starts anew tries, and learns the same.</summary>
internal sealed class Problems(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Uid, int Revision, int Ordinal), Problem> _all = new();

    public IEnumerable<Problem> Of(string uid) => _all.Values.Where(one => one.Uid == uid);

    public Problem? Of(string uid, int revision, int ordinal) => _all.GetValueOrDefault((uid, revision, ordinal));

    /// <summary>Whether it is too early to try again what failed.</summary>
    public bool MustWait(string uid, int revision, int ordinal) => Of(uid, revision, ordinal) is { } problem && time.GetUtcNow() < problem.Again;

    /// <summary>It has no place yet; looked at again with every call.</summary>
    public void Waits(string uid, int revision, int ordinal, string reason, string message) =>
        _all[(uid, revision, ordinal)] = new Problem(uid, revision, ordinal, ReplicaState.Waiting, reason, message, 0, DateTimeOffset.MinValue);

    /// <summary>It cannot be started; tried again after a while that grows.</summary>
    public void Failed(string uid, int revision, int ordinal, string reason, string message)
    {
        var times = (Of(uid, revision, ordinal)?.Times ?? 0) + 1;
        _all[(uid, revision, ordinal)] = new Problem(uid, revision, ordinal, ReplicaState.Failed, reason, message, times, time.GetUtcNow() + Restart.Pause(times));
    }

    public void Solved(string uid, int revision, int ordinal) => _all.TryRemove((uid, revision, ordinal), out _);

    public void Forget(string uid, Func<Problem, bool> which)
    {
        foreach (var problem in Of(uid).Where(which).ToList())
        {
            Solved(problem.Uid, problem.Revision, problem.Ordinal);
        }
    }
}
