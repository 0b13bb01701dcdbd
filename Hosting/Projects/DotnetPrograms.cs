using System.Runtime.InteropServices;

namespace Aspire.Hosting;

/// <summary>How a built .NET program is started.</summary>
internal static class DotnetPrograms
{
    /// <summary>The program beside the assembly, which shows its own name in ps; else the assembly itself.</summary>
    public static (string Program, string[] Arguments) CommandOf(string assembly)
    {
        var program = Path.ChangeExtension(assembly, null);
        return File.Exists(program) ? (program, []) : ("dotnet", ["exec", assembly]);
    }

    /// <summary>Adds where .NET is: such a program looks in the usual places only, and the host itself may have come from another one.</summary>
    public static Dictionary<string, string> WithRoot(IReadOnlyDictionary<string, string> environment)
    {
        var variables = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is null && File.Exists(Path.Combine(root, "dotnet")))
        {
            variables.TryAdd("DOTNET_ROOT", root);
        }

        return variables;
    }
}
