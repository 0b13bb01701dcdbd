namespace Aspire.Hosting;

/// <summary>How an application builder is set up.</summary>
public sealed class DistributedApplicationOptions
{
    /// <summary>The command line.</summary>
    public string[]? Args { get; set; }

    /// <summary>The AppHost's assembly. Default: the process's entry assembly.</summary>
    public string? AssemblyName { get; set; }

    /// <summary>The AppHost's folder. Default: the one it was built in, else the current one.</summary>
    public string? ProjectDirectory { get; set; }

    /// <summary>A registry that replaces every image's own.</summary>
    public string? ContainerRegistryOverride { get; set; }

    /// <summary>Run without the HTTP API that a dashboard reads; a wait then gives up when its dependency is gone.</summary>
    public bool DisableDashboard { get; set; }

    /// <summary>Whether the lines that resources write appear in the host's own log as well.</summary>
    public bool EnableResourceLogging { get; set; }

    /// <summary>Accepted for compatibility; the bundled host listens on loopback only.</summary>
    public bool AllowUnsecuredTransport { get; set; }
}
