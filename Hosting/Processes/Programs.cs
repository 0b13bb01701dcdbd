namespace Aspire.Hosting;

/// <summary>Finds programs as a shell does.</summary>
internal static class Programs
{
    /// <summary>The path of a program; null when there is none that may be executed.</summary>
    public static string? Find(string name, string? directory = null)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(name, directory ?? Directory.GetCurrentDirectory());
            return IsExecutable(path) ? path : null;
        }

        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) =>
        File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
