namespace Orrery.Builder.Planning;

/// <summary>What is to be done now, as data.</summary>
internal sealed record RolloutPlan
{
    /// <summary>By revision: how many replicas there are to be at the target, those that drain included.</summary>
    public required IReadOnlyDictionary<int, int> Counts { get; init; }

    /// <summary>Revisions of which nothing is to be left.</summary>
    public required IReadOnlyList<int> Leaving { get; init; }

    /// <summary>Who gets requests, with their shares.</summary>
    public required IReadOnlyList<(SeenReplica Replica, int Weight)> Serving { get; init; }

    /// <summary>The revision whose model's names the gateway is told of; <c>null</c>: there is none.</summary>
    public int? Named { get; init; }

    /// <summary>Revisions that answer to other names than <see cref="Named"/> does: none of their replicas is in <see cref="Serving"/>, however ready it is.</summary>
    public IReadOnlyList<int> Held { get; init; } = [];

    /// <summary>Who gets nothing new from now on.</summary>
    public required IReadOnlyList<SeenReplica> Draining { get; init; }

    /// <summary>Whether the next revision has arrived.</summary>
    public bool Promotes { get; init; }

    /// <summary>Why the next revision is given up; <c>null</c>: it is not.</summary>
    public string? Failure { get; init; }

    /// <summary>When to look again, though nothing happens; <c>null</c>: no need.</summary>
    public DateTimeOffset? NextLook { get; init; }
}
