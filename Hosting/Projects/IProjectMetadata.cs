using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>What the build knows of a project; implemented by the generated <c>Projects.*</c> classes.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>The absolute path of the project file.</summary>
    string ProjectPath { get; }

    /// <summary>Its launch settings; null: read from <c>Properties/launchSettings.json</c> beside the project.</summary>
    LaunchSettings? LaunchSettings => null;

    /// <summary>Whether it has been built already.</summary>
    bool SuppressBuild => false;

    /// <summary>Whether it is a single file rather than a project; the bundled host runs none.</summary>
    bool IsFileBasedApp => false;
}

/// <summary>On a generated <c>Projects.*</c> class: what the build made of the project. Only the bundled host has it; it starts projects without <c>dotnet run</c>.</summary>
/// <param name="assemblyPath">The absolute path of the built assembly.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ProjectOutputAttribute(string assemblyPath) : Attribute
{
    /// <summary>The absolute path of the built assembly.</summary>
    public string AssemblyPath { get; } = assemblyPath;
}

internal sealed class ProjectFile(string path) : IProjectMetadata
{
    public string ProjectPath { get; } = path;
}
