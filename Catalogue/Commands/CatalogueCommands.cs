using System.CommandLine;

namespace Orrery.Catalogue.Commands;

/// <summary>What the program does besides serving: each is a word that it is started with.</summary>
internal static class CatalogueCommands
{
    private static readonly string[] Help = ["--help", "-h", "-?", "help"];

    /// <summary>Whether the program was started for one of them, or with a word that is none; everything else is configuration of the service: <c>--a b</c>, <c>/a b</c>, <c>a=b</c>.</summary>
    public static bool Wants(string[] args) => args.Length > 0 && (Help.Contains(args[0]) || !(args[0].StartsWith('-') || args[0].StartsWith('/') || args[0].Contains('=')));

    public static async Task<int> RunAsync(string[] args)
    {
        var words = Root().Parse(args is ["help", .. var rest] ? [.. rest, "--help"] : args);
        var code = await words.InvokeAsync();
        return words.Errors.Count > 0 ? Misused : code;
    }

    /// <summary>What was asked for was not understood, as against an answer that is no.</summary>
    private const int Misused = 2;

    private static RootCommand Root() => new("Orrery's Catalogue. Without a command it serves; settings are given as --Section:Name value, see docs/resources.md.")
    {
        LintCommand.Create(),
        PageCommand.Create(),
    };
}
