using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A program to start: data, so that it can be shown and tested before anything runs.</summary>
internal sealed record LaunchPlan
{
    /// <summary>A path, or a name to be found on PATH.</summary>
    public required string FileName { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Added to this process's own environment, without the part of it that is meant for the AppHost.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The variables to show with the resource.</summary>
    public IReadOnlyList<EnvironmentVariableSnapshot> Shown { get; init; } = [];

    public required string WorkingDirectory { get; init; }

    /// <summary>Written to the program's standard input, which is then closed.</summary>
    public string? StandardInput { get; init; }

    /// <summary>What asks the program to end.</summary>
    public Signal StopSignal { get; init; } = Signal.Terminate;

    /// <summary>How long it may take to end before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Facts to show with the resource.</summary>
    public IReadOnlyList<ResourcePropertySnapshot> Properties { get; init; } = [];

    /// <summary>The container that the program runs, if it is a container tool's client.</summary>
    public string? ContainerName { get; init; }
}
