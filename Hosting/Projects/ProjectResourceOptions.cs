namespace Aspire.Hosting;

/// <summary>How a project is taken into the graph.</summary>
public class ProjectResourceOptions
{
    /// <summary>The launch profile to use. Default: the AppHost's own one if the project has it, else the project's first.</summary>
    public string? LaunchProfileName { get; set; }

    /// <summary>Whether no launch profile is used: then the project has the endpoints that the AppHost gives it, and no others.</summary>
    public bool ExcludeLaunchProfile { get; set; }

    /// <summary>Accepted for compatibility; the bundled host never reads endpoints from a project's Kestrel configuration.</summary>
    public bool ExcludeKestrelEndpoints { get; set; }
}
