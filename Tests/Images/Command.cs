using System.Diagnostics;

namespace Orrery.Tests.Images;

/// <summary>What a program answered.</summary>
internal sealed record Answer(int Code, string Output, string Error)
{
    /// <summary>The output of a program that succeeded.</summary>
    public string Text => Code == 0 ? Output : throw new InvalidOperationException($"Exit code {Code}: {Error}{Output}");
}

/// <summary>A program run to its end, killed with its children when the test is cancelled.</summary>
internal static class Command
{
    public static Task<Answer> RunAsync(string program, params string[] arguments) => RunAsync(new ProcessStartInfo(program, arguments));

    public static async Task<Answer> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        await using var killed = TestContext.Current.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Answer(process.ExitCode, (await output).Trim(), (await error).Trim());
    }
}
