namespace Orrery.Builder.Targets.Container;

/// <summary>How a server that runs stands with those who ask it.</summary>
internal enum Standing
{
    /// <summary>It has not answered yet, and has time left.</summary>
    Starting,

    Ready,

    /// <summary>It answered once and does not now; it may again.</summary>
    Unready,

    /// <summary>It hangs: it is killed, and starts again.</summary>
    Stuck,
}

internal static class Standings
{
    /// <summary>So often as many failures as make a server unready make it stuck: it gets the chance to recover before what it holds is thrown away.</summary>
    private const int Patience = 2;

    public static Standing Of(Health health, ContainerProbe probe, DateTimeOffset started, DateTimeOffset now)
    {
        if (health.Answered)
        {
            return health.Failures < probe.Failures ? Standing.Ready : health.Failures < probe.Failures * Patience ? Standing.Unready : Standing.Stuck;
        }

        // From when it was first asked, if that is later: who has just come does not know that it never answered.
        var from = health.Since > started ? health.Since : started;
        return now - from > probe.StartWithin ? Standing.Stuck : Standing.Starting;
    }

    public static CauseOfDeath WhyStuck(Health health, ContainerProbe probe) => health.Answered
        ? new CauseOfDeath(ReplicaReasons.NotAnswering, $"The server ceased to answer: GET {probe.Path} failed {health.Failures} times in a row ({health.Last}), and was ended for it. Look into its log; if it was only busy, raise spec.probes.timeout or failures.")
        : new CauseOfDeath(ReplicaReasons.NotAnswering, $"The server did not answer GET {probe.Path} within {probe.StartWithin} of its start ({health.Last}), and was ended for it. Look into its log; if it was only slow, raise spec.probes.startWithin.");
}
