using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>Files that engines name as their results: those of a namespace below the directory that the gateway's operator has given it, and no others.</summary>
internal sealed class EngineFiles(IOptions<VideoOptions> options)
{
    private readonly Dictionary<string, string> _directories = options.Value.EngineDirectories;

    public bool Knows(string @namespace) => _directories.ContainsKey(@namespace);

    /// <param name="output">A <c>file:</c> URL, or a path: absolute, or from the directory.</param>
    /// <returns><c>null</c>: there is no such file, or it lies outside.</returns>
    public FileStream? TryOpen(string @namespace, string output)
    {
        if (!_directories.TryGetValue(@namespace, out var directory) || PathOf(output) is not { } path)
        {
            return null;
        }

        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + Path.DirectorySeparatorChar;
        var full = Path.GetFullPath(Path.Combine(root, path));
        if (!full.StartsWith(root, StringComparison.Ordinal) || new FileInfo(full) is not { Exists: true, Length: > 0 }) // A pipe, which would be waited for, has none.
        {
            return null;
        }

        FileStream? file = null;
        try
        {
            file = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 << 10, useAsync: true);
            if (RealPathOf(file, full).StartsWith(root, StringComparison.Ordinal) && file.CanSeek)
            {
                return file;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is gone, or nobody lets us read it: for the client there is no such file.
        }

        file?.Dispose();
        return null;
    }

    private static string? PathOf(string output) =>
        !output.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? output
        : Uri.TryCreate(output, UriKind.Absolute, out var url) && url is { IsFile: true, IsUnc: false } ? url.LocalPath
        : null;

    /// <summary>Where an open file really lies, links resolved: of the file that was opened, so that no link can be put in its way in between.</summary>
    private static string RealPathOf(FileStream file, string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return File.ResolveLinkTarget($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName ?? "";
        }

        for (var part = path; part is not null; part = Path.GetDirectoryName(part))
        {
            if (File.GetAttributes(part).HasFlag(FileAttributes.ReparsePoint))
            {
                return "";
            }
        }

        return path;
    }
}
