namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a wait waits for.</summary>
public enum WaitType
{
    /// <summary>Running, and healthy if it has health checks, and its ready handlers done.</summary>
    WaitUntilHealthy,

    /// <summary>Ended, with the expected exit code.</summary>
    WaitForCompletion,

    /// <summary>Running.</summary>
    WaitUntilStarted,
}

/// <summary>What a wait does when the dependency fails or ends.</summary>
public enum WaitBehavior
{
    /// <summary>Goes on waiting: someone may start it again.</summary>
    WaitOnResourceUnavailable,

    /// <summary>Gives up: the waiting resource becomes <see cref="KnownResourceStates.FailedToStart"/>.</summary>
    StopOnResourceUnavailable,
}

/// <summary>Holds back the start of a resource.</summary>
/// <param name="resource">What is waited for.</param>
/// <param name="waitType">Until when.</param>
/// <param name="exitCode">The exit code expected by <see cref="WaitType.WaitForCompletion"/>.</param>
public sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    /// <summary>What is waited for.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>Until when.</summary>
    public WaitType WaitType { get; } = waitType;

    /// <summary>The exit code expected by <see cref="WaitType.WaitForCompletion"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What happens when the dependency is gone; null: the host's default.</summary>
    public WaitBehavior? WaitBehavior { get; init; }
}

/// <summary>Leaves a resource unstarted until somebody starts it by command.</summary>
public sealed class ExplicitStartupAnnotation : IResourceAnnotation;
