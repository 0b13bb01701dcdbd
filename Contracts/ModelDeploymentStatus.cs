namespace Orrery.Contracts;

/// <summary>Where a deployment is, and why. Written by the Builder alone.</summary>
public sealed record ModelDeploymentStatus
{
    /// <summary>One of <see cref="DeploymentPhases.All"/>.</summary>
    public required string Phase { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>In one sentence, with the remedy where something stands in the way.</summary>
    public string? Message { get; init; }

    /// <summary>The spec's generation that this is about.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>The target in use.</summary>
    public string? Target { get; init; }

    /// <summary>The revision that serves, or that is to.</summary>
    public int? Revision { get; init; }

    /// <summary>The revision that is on its way to take over.</summary>
    public int? NextRevision { get; init; }

    public string? Image { get; init; }

    /// <summary><c>sha256:…</c> of the image that serves.</summary>
    public string? Digest { get; init; }

    /// <summary>The class of its GPUs, and how many a replica has.</summary>
    public DeploymentGpu? Gpu { get; init; }

    public DeploymentReplicas? Replicas { get; init; }

    public IReadOnlyList<DeploymentCondition>? Conditions { get; init; }

    /// <summary>How long the last start took, phase by phase, in seconds.</summary>
    public IReadOnlyDictionary<string, double>? Timings { get; init; }
}

/// <param name="Wanted">As declared.</param>
/// <param name="Running">Whose server was started, ready or not.</param>
/// <param name="Ready">That answer and are registered.</param>
/// <param name="Draining">That finish what they have begun.</param>
public sealed record DeploymentReplicas(int Wanted, int Running, int Ready, int Draining);

/// <summary>One thing that holds or does not.</summary>
/// <param name="Type">One of <see cref="DeploymentConditions.All"/>.</param>
/// <param name="Status"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Reason">A word for programs: <c>NoNodeWithGpu</c>.</param>
public sealed record DeploymentCondition(string Type, string Status, string Reason, string Message, DateTimeOffset LastTransitionTime);

public static class DeploymentConditions
{
    /// <summary>The licence, the GPUs, the image and the quota allow it.</summary>
    public const string Accepted = "Accepted";

    /// <summary>The newest version is on its way and comes forward, or has arrived.</summary>
    public const string Progressing = "Progressing";

    /// <summary>At least one replica serves.</summary>
    public const string Available = "Available";

    /// <summary>The revision that is shown runs a commit, and not what a branch happens to be when a replica starts. Absent where its server fetches nothing by revision.</summary>
    public const string Pinned = "Pinned";

    public static readonly IReadOnlyList<string> All = [Accepted, Progressing, Available, Pinned];
}

/// <summary>From nothing to serving.</summary>
public static class DeploymentPhases
{
    /// <summary>The image is being built.</summary>
    public const string Building = "building";

    /// <summary>Objects are being created.</summary>
    public const string Deploying = "deploying";

    /// <summary>The objects are there; servers are starting.</summary>
    public const string Active = "active";

    /// <summary>At least one replica answers inference.</summary>
    public const string Running = "running";

    /// <summary>It cannot go on without somebody; the message says what to do.</summary>
    public const string Error = "error";

    public static readonly IReadOnlyList<string> All = [Building, Deploying, Active, Running, Error];
}
