using System.Globalization;
using System.Text;

namespace Orrery.Contracts;

/// <summary>Rules for files that a server finds in its container.</summary>
public static class ContainerFiles
{
    public const int MostFiles = 32;

    /// <summary>Of all together: a cluster's store takes 1 MiB of one object, and every revision has its own.</summary>
    public const int MostBytes = 512 * 1024;

    /// <summary>Where every image of the catalogue keeps its weights.</summary>
    public const string WeightsFolder = "/models";

    private const int LongestPath = 512;

    /// <summary>The kernel's own, and what the weights' volume lies over.</summary>
    private static readonly string[] Taken = [WeightsFolder, "/dev", "/proc", "/sys"];

    internal static void Validate(FieldErrors errors, string path, IReadOnlyDictionary<string, string> files)
    {
        if (files.Count > MostFiles)
        {
            errors.Add(path, $"{files.Count} files", $"at most {MostFiles} files", "Build what the server needs into its image.");
        }

        foreach (var (name, content) in files)
        {
            if (Fault(name, files) is { } expectation)
            {
                errors.Add($"{path}.{name}", null, expectation);
            }
            else if (content.Contains('\0', StringComparison.Ordinal))
            {
                errors.Add($"{path}.{name}", null, "a text without the character U+0000", "What is no text belongs into the image.");
            }
        }

        if (files.Values.Sum(content => (long)Encoding.UTF8.GetByteCount(content)) is > MostBytes and var bytes)
        {
            errors.Add(path, bytes.ToString(CultureInfo.InvariantCulture) + " bytes", $"at most {MostBytes / 1024} KiB in all files together", "Put weights and other large files into the cache or the image.");
        }
    }

    /// <summary>What is expected of a path in the container, where it is not so.</summary>
    private static string? Fault(string path, IReadOnlyDictionary<string, string> files) => path switch
    {
        _ when path.Length is < 2 or > LongestPath || path[0] != '/' || path[1..].Split('/').Any(part => part is "" or "." or "..") =>
            "a file's whole path in the container, such as /etc/vllm/chat.jinja, without '.', '..' and '//'",
        // Mounts are written with a colon, and mount tables with the others.
        _ when path.Any(c => c is ':' or '\\' or '"' or ',' || char.IsControl(c)) => "a path without colons, commas, quotes, backslashes and control characters",
        _ when Taken.FirstOrDefault(folder => IsAtOrBelow(path, folder)) is { } folder => $"a path outside {string.Join(", ", Taken)}; {folder} is not the deployment's to fill",
        _ when files.Keys.FirstOrDefault(other => other != path && IsAtOrBelow(path, other)) is { } other => $"a path that does not lead through another file; {other} is one",
        _ => null,
    };

    private static bool IsAtOrBelow(string path, string folder) => path == folder || (path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/');
}
