using System.Globalization;

namespace Orrery.Tests.Images;

/// <summary>Everything that these tests make in podman is named after their process, so that a later run knows what a killed one left.</summary>
internal static class Leftovers
{
    private const string Prefix = "orrery-tests-";

    /// <summary>How the names of this run's networks and containers begin, and the folder of its images.</summary>
    public static string Mine { get; } = Prefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>Removes what runs left whose process is gone.</summary>
    public static async Task SweepAsync()
    {
        await RemoveAsync(IsOrphan, ["container", "ls", "-a", "--format", "{{.Names}}"], ["container", "rm", "-f"]);
        await RemoveAsync(IsOrphan, ["volume", "ls", "--quiet"], ["volume", "rm"]);
        await RemoveAsync(IsOrphan, ["network", "ls", "--format", "{{.Name}}"], ["network", "rm", "-f"]);
        await RemoveImagesAsync(IsOrphan);
    }

    /// <summary>Removes the images whose name begins so.</summary>
    public static Task RemoveImagesAsync(string start) => RemoveImagesAsync(name => name.StartsWith(start, StringComparison.Ordinal));

    /// <summary>By tag or by digest: an image that others name too stays theirs. What it was made of goes with its last name.</summary>
    private static Task RemoveImagesAsync(Func<string, bool> which) =>
        RemoveAsync(which, ["images", "--filter", "dangling=false", "--format", "{{range .Names}}{{println .}}{{end}}"], ["rmi", "-f"]);

    private static async Task RemoveAsync(Func<string, bool> which, string[] list, string[] remove)
    {
        var names = (await Command.RunAsync("podman", list)).Text.Split('\n').Where(which).Distinct().ToArray();
        if (names.Length > 0)
        {
            await Command.RunAsync("podman", [.. remove, .. names]);
        }
    }

    private static bool IsOrphan(string name)
    {
        var at = name.IndexOf(Prefix, StringComparison.Ordinal);
        return at >= 0 && !Directory.Exists("/proc/" + string.Concat(name[(at + Prefix.Length)..].TakeWhile(char.IsAsciiDigit)));
    }
}
