namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>Which exit codes stand for a signal: 128 and its number, as shells have it. Programs use numbers above 128 for themselves too, so only signals that do end servers are told.</summary>
internal static class ExitSignals
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [1] = "SIGHUP",
        [2] = "SIGINT",
        [3] = "SIGQUIT",
        [4] = "SIGILL",
        [5] = "SIGTRAP",
        [6] = "SIGABRT",
        [7] = "SIGBUS",
        [8] = "SIGFPE",
        [9] = "SIGKILL",
        [11] = "SIGSEGV",
        [13] = "SIGPIPE",
        [14] = "SIGALRM",
        [15] = "SIGTERM",
        [24] = "SIGXCPU",
        [25] = "SIGXFSZ",
        [31] = "SIGSYS",
    };

    /// <returns><c>null</c>: the code is the program's own.</returns>
    public static string? NameOf(int exitCode) => Names.GetValueOrDefault(exitCode - 128);
}
