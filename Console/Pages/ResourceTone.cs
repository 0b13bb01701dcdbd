using Orrery.Contracts;

namespace Orrery.WebConsole.Pages;

/// <summary>How a resource does, in a word and a colour.</summary>
internal static class ResourceTone
{
    /// <summary>Parameters are listed apart: they do nothing.</summary>
    public static bool IsShown(RunningResource resource) => resource.Type is not ("Parameter" or "ConnectionString");

    /// <summary><c>good</c>, <c>warn</c>, <c>bad</c> or <c>idle</c>.</summary>
    public static string Of(RunningResource resource) => resource switch
    {
        { State: "Running", Health: "Unhealthy" } => "bad",
        { State: "Running", Health: "Degraded" } => "warn",
        { State: "Running" or "Active" } => "good",
        { State: "FailedToStart" or "RuntimeUnhealthy" or "ValueMissing" } => "bad",
        { State: "Exited" or "Finished", ExitCode: not 0 and not null } => "bad",
        { State: "Starting" or "Waiting" or "Building" or "Stopping" } => "warn",
        _ => "idle",
    };

    public static string Words(RunningResource resource) => resource switch
    {
        { State: null } => "Not heard of",
        { State: "Running", Health: { } health and not "Healthy" } => $"Running, {health.ToLowerInvariant()}",
        { State: "Exited" or "Finished", ExitCode: { } code } => $"{resource.State} with {code}",
        { State: "FailedToStart" } => "Failed to start",
        { State: "RuntimeUnhealthy" } => "Runtime unhealthy",
        { State: "ValueMissing" } => "Value missing",
        { State: "NotStarted" } => "Not started",
        _ => resource.State!,
    };
}
