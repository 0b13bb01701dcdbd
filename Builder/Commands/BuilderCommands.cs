using System.CommandLine;
using System.Runtime.InteropServices;

namespace Orrery.Builder.Commands;

/// <summary>What the program does besides serving: each is a word that it is started with.</summary>
internal static class BuilderCommands
{
    /// <summary>What was asked for was not understood, as against an answer that is no.</summary>
    public const int Misused = 2;

    private static readonly string[] Help = ["--help", "-h", "-?", "help"];

    /// <summary>Whether the program was started for one of them, or with a word that is none; everything else is configuration of the service: <c>--a b</c>, <c>/a b</c>, <c>a=b</c>.</summary>
    public static bool Wants(string[] args) => args.Length > 0 && (Help.Contains(args[0]) || !(args[0].StartsWith('-') || args[0].StartsWith('/') || args[0].Contains('=')));

    public static async Task<int> RunAsync(string[] args)
    {
        var words = Root().Parse(args is ["help", .. var rest] ? [.. rest, "--help"] : args);
        using var ended = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        var code = await words.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, ended.Token); // A command clears up and says so; the library's own way leaves it no time.
        return words.Errors.Count > 0 ? Misused : code;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ended.Cancel();
        }
    }

    private static RootCommand Root() => new("Orrery's Builder. Without a command it serves; settings are given as --Section:Name value, see docs/deployments.md.")
    {
        BundleCommand.Create(),
    };
}
