namespace Orrery.Tests.Builder.Container;

/// <summary>A program that stands between a target and its tool.</summary>
internal static class ToolScript
{
    public static async Task WriteAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text + "\n");
        Allow(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public static void Allow(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
