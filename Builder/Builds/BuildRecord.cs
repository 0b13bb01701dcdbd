using Orrery.Builder.SupplyChain;
using Orrery.Contracts;

namespace Orrery.Builder.Builds;

/// <summary>How far a build is.</summary>
internal static class BuildStates
{
    /// <summary>It waits for its turn, or for the next attempt.</summary>
    public const string Queued = "queued";

    public const string Building = "building";

    public const string Pushing = "pushing";

    /// <summary>Its image is there, by its digest.</summary>
    public const string Done = "done";

    /// <summary>It is not tried again by itself.</summary>
    public const string Failed = "failed";

    public const string Cancelled = "cancelled";

    public static readonly IReadOnlyList<string> All = [Queued, Building, Pushing, Done, Failed, Cancelled];

    public static bool IsUnderWay(string state) => state is Queued or Building or Pushing;
}

/// <summary>An image that is to be built, is being built, or was.</summary>
/// <param name="Key">Of all that goes in (<see cref="BuildKey"/>).</param>
/// <param name="Repository">Where it is pushed, without a tag; empty: it stays with the tool that builds it.</param>
/// <param name="Attempt">Attempts that were begun.</param>
/// <param name="NotBefore">When the next attempt may begin.</param>
/// <param name="Progress">What is being done, in words.</param>
/// <param name="Image">How it is named to whoever runs it: by its digest, or by the tool's id of it.</param>
/// <param name="Reason">Why it failed, or why it waits: a word for programs.</param>
/// <param name="Evidence">What was put beside it in the registry.</param>
/// <param name="Timings">How long each state of the last attempt took, in seconds.</param>
internal sealed record BuildRecord(
    Guid Id, string Namespace, string Model, string Key, string Repository, ImageRecipe Recipe, string State, int Attempt, DateTimeOffset? NotBefore, string? CancelledBy, string AskedBy, IReadOnlyList<string> Wishes, DateTimeOffset AskedAt,
    DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, string? Progress, string? Image, string? Digest, string? Reason, string? Message, IReadOnlyDictionary<string, double> Timings,
    Evidence? Evidence)
{
    public bool IsUnderWay => BuildStates.IsUnderWay(State);

    /// <summary>The name that it is pushed under; what is recorded is its digest.</summary>
    public string Tag => Key[..32];
}

/// <summary>What is to be built, and where it goes.</summary>
/// <param name="Key">Of all that goes in (<see cref="BuildKey"/>).</param>
/// <param name="Repository">As in <see cref="BuildRecord"/>.</param>
internal sealed record WantedImage(string Namespace, string Key, string Repository, ImageRecipe Recipe);

/// <summary>One line that the tool wrote, without secrets.</summary>
internal sealed record BuildLine(long Number, DateTimeOffset At, string Text);

/// <summary>An image was not built, or not pushed.</summary>
/// <param name="reason">One of <see cref="BuildReasons"/>.</param>
/// <param name="message">Which step, what happened, and what helps; no secrets.</param>
/// <param name="mayPass">Whether the same may succeed later.</param>
internal sealed class BuildException(string reason, string message, bool mayPass = false, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;

    public bool MayPass { get; } = mayPass;
}

/// <summary>Why a build came to nothing, as words for programs.</summary>
internal static class BuildReasons
{
    public const string StepFailed = "StepFailed";
    public const string BaseMissing = "BaseMissing";
    public const string BaseUnknown = "BaseUnknown";
    public const string FileMissing = "FileMissing";
    public const string BadDockerfile = "BadDockerfile";
    public const string DiskFull = "DiskFull";
    public const string Unauthorized = "Unauthorized";
    public const string Untrusted = "Untrusted";
    public const string Unreachable = "Unreachable";
    public const string NotPushed = "NotPushed";
    public const string NotAttested = "NotAttested";
    public const string NotScanned = "NotScanned";
    public const string ScanRefused = "ScanRefused";
    public const string ToolUnavailable = "ToolUnavailable";
    public const string TookTooLong = "TookTooLong";
    public const string Interrupted = "Interrupted";
    public const string Other = "BuildFailed";
}
