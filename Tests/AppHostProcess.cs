using System.Diagnostics;

namespace Orrery.Tests;

/// <summary>The built AppHost as a user starts it, for what ends by itself: publishing, refusals.</summary>
internal sealed record AppHostProcess(int ExitCode, string Output, string Errors)
{
    private static readonly string Folder = Path.Combine(Repository.Root, "AppHost");

    /// <summary>Runs it to its end, in its own folder.</summary>
    public static async Task<AppHostProcess> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo(Path.Combine(Folder, "bin", configuration, "net10.0", "Orrery.AppHost"), arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = await process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return new(process.ExitCode, await output, errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
