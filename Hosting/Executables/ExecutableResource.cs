namespace Aspire.Hosting.ApplicationModel;

/// <summary>A program of this machine.</summary>
/// <param name="name">See <see cref="IResource.Name"/>.</param>
/// <param name="command">A path, or a name to be found on PATH.</param>
/// <param name="workingDirectory">The folder it runs in.</param>
public class ExecutableResource(string name, string command, string workingDirectory)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource
{
    /// <summary>A path, or a name to be found on PATH.</summary>
    public string Command { get; internal set; } = command;

    /// <summary>The folder it runs in.</summary>
    public string WorkingDirectory { get; internal set; } = workingDirectory;
}
