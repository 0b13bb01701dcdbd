using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>The assemblies of .NET and ASP.NET Core that these tests run on, which also bring Microsoft.Extensions.*.</summary>
internal static class FrameworkTypes
{
    private static readonly HashSet<string> Namespaces =
    [
        "System", "System.Collections", "System.Collections.Generic", "System.Collections.Immutable", "System.Collections.ObjectModel",
        "System.IO", "System.Net.Http", "System.Net.Sockets", "System.Reflection", "System.Text.Json", "System.Threading", "System.Threading.Tasks",
        "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    /// <summary>The folder of dotnet itself.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    public static IReadOnlyList<string> Assemblies { get; } =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => path.StartsWith(Path.Combine(Root, "shared"), StringComparison.Ordinal)),
    ];

    private static readonly Lazy<Dictionary<string, string>> Names = new(Read);

    /// <summary>The full name of a public type such as <c>List</c> with one argument; <c>null</c> where .NET has none.</summary>
    public static string? Find(string name, int arguments) => Names.Value.GetValueOrDefault(arguments > 0 ? $"{name}`{arguments}" : name);

    private static Dictionary<string, string> Read()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Assemblies)
        {
            using var file = new PEReader(File.OpenRead(path));
            var reader = file.GetMetadataReader();
            foreach (var type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
            {
                var space = reader.GetString(type.Namespace);
                if ((type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public && Namespaces.Contains(space))
                {
                    var name = reader.GetString(type.Name);
                    names.TryAdd(name, $"{space}.{name.Split('`')[0]}");
                }
            }
        }

        return names;
    }
}
