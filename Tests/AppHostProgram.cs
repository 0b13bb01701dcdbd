using System.Diagnostics;
using Orrery.Tests.Hosting;

namespace Orrery.Tests;

/// <summary>The repository's own AppHost as a process, in an environment that holds nothing but what is given.</summary>
internal static class AppHostProgram
{
    /// <summary>The folder of the AppHost, in which <c>dotnet run</c> starts it.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "AppHost");

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo(Path.Combine(Folder, "bin", configuration, "net10.0", "Orrery.AppHost"), args)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in (string[])["PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64"])
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                start.Environment[name] = value;
            }
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(Graph.Soon());
            var error = await process.StandardError.ReadToEndAsync(Graph.Soon());
            await process.WaitForExitAsync(Graph.Soon());
            return (process.ExitCode, await output, error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
