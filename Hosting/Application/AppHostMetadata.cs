using System.Reflection;

namespace Aspire.Hosting;

/// <summary>What the build wrote into the AppHost's assembly.</summary>
internal static class AppHostMetadata
{
    public const string ProjectPath = "apphostprojectpath";

    public static string? DirectoryOf(Assembly? assembly)
    {
        var path = assembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(one => one.Key == ProjectPath)?.Value;
        return Directory.Exists(path) ? path : null;
    }
}
