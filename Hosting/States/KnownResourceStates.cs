namespace Aspire.Hosting.ApplicationModel;

/// <summary>The states that the host itself gives to resources.</summary>
public static class KnownResourceStates
{
    /// <summary>Not shown.</summary>
    public static readonly string Hidden = "Hidden";

    /// <summary>On its way: ports are taken, a program is being started.</summary>
    public static readonly string Starting = "Starting";

    /// <summary>Its program runs; whether it is well, its health says.</summary>
    public static readonly string Running = "Running";

    /// <summary>It could not be started; its log says why.</summary>
    public static readonly string FailedToStart = "FailedToStart";

    /// <summary>The container runtime is missing or does not answer.</summary>
    public static readonly string RuntimeUnhealthy = "RuntimeUnhealthy";

    /// <summary>On its way out.</summary>
    public static readonly string Stopping = "Stopping";

    /// <summary>It ended with an error, or was stopped.</summary>
    public static readonly string Exited = "Exited";

    /// <summary>It ended with exit code 0.</summary>
    public static readonly string Finished = "Finished";

    /// <summary>Its dependencies are not ready yet.</summary>
    public static readonly string Waiting = "Waiting";

    /// <summary>It waits for somebody to start it.</summary>
    public static readonly string NotStarted = "NotStarted";

    /// <summary>It is being built.</summary>
    public static readonly string Building = "Building";

    /// <summary>It is there, without a program of its own.</summary>
    public static readonly string Active = "Active";

    /// <summary>A parameter that nobody has given a value.</summary>
    public static readonly string ValueMissing = "ValueMissing";

    /// <summary>The states that a resource does not leave by itself.</summary>
    public static readonly IReadOnlyList<string> TerminalStates = [Finished, FailedToStart, Exited];
}

/// <summary>A state and how to show it.</summary>
/// <param name="Text">One of <see cref="KnownResourceStates"/> or a word of one's own.</param>
/// <param name="Style">One of <see cref="KnownResourceStateStyles"/>, or null.</param>
public sealed record ResourceStateSnapshot(string Text, string? Style)
{
    /// <summary>A state without a style.</summary>
    public static implicit operator ResourceStateSnapshot?(string? text) => text is null ? null : new(text, Style: null);
}

/// <summary>How states are shown.</summary>
public static class KnownResourceStateStyles
{
    /// <summary>Well.</summary>
    public static readonly string Success = "success";

    /// <summary>Broken.</summary>
    public static readonly string Error = "error";

    /// <summary>Neither.</summary>
    public static readonly string Info = "info";

    /// <summary>Doubtful.</summary>
    public static readonly string Warn = "warn";
}
