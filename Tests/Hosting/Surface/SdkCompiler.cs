using System.Diagnostics;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>The C# compiler of the installed SDK, against the framework that these tests run on.</summary>
internal static class SdkCompiler
{
    /// <summary>csc.dll of the newest SDK; <c>null</c> where there is only a runtime.</summary>
    public static string? Path { get; } = Directory.Exists(System.IO.Path.Combine(FrameworkTypes.Root, "sdk"))
        ? Directory.GetDirectories(System.IO.Path.Combine(FrameworkTypes.Root, "sdk"))
            .OrderByDescending(folder => Version.TryParse(System.IO.Path.GetFileName(folder).Split('-')[0], out var version) ? version : new Version())
            .Select(folder => System.IO.Path.Combine(folder, "Roslyn", "bincore", "csc.dll")).FirstOrDefault(File.Exists)
        : null;

    /// <summary>Compiles, and answers with what the compiler complained about.</summary>
    /// <param name="folder">Where everything is written.</param>
    /// <param name="name">Of the assembly.</param>
    /// <param name="sources">Files.</param>
    /// <param name="options">Further arguments: -reference:…, -target:…</param>
    /// <param name="cancellationToken">Ends the compiler.</param>
    public static async Task<IReadOnlyList<string>> CompileAsync(
        string folder, string name, IEnumerable<string> sources, IEnumerable<string> options, CancellationToken cancellationToken)
    {
        var arguments = System.IO.Path.Combine(folder, name + ".rsp");
        IEnumerable<string> lines =
        [
            "-nologo", "-nostdlib", "-deterministic", "-langversion:14", "-nullable:enable", "-preferreduilang:en",
            $"-out:\"{System.IO.Path.Combine(folder, name + ".dll")}\"",
            .. FrameworkTypes.Assemblies.Select(path => $"-reference:\"{path}\""),
            .. options,
            .. sources.Select(path => $"\"{path}\""),
        ];
        await File.WriteAllLinesAsync(arguments, lines, cancellationToken);

        var start = new ProcessStartInfo(System.IO.Path.Combine(FrameworkTypes.Root, "dotnet"), ["exec", Path!, "-noconfig", "@" + arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken) + await error;
            await process.WaitForExitAsync(cancellationToken);
            var complaints = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return process.ExitCode == 0 || complaints.Length > 0 ? complaints : [$"The compiler ended with {process.ExitCode} and no word."];
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
