using System.Globalization;

namespace Orrery.Gateway.Usage;

/// <summary>A file of usage events, one JSON line each.</summary>
internal sealed record SpoolSegment(string Path, long Number)
{
    private const string Extension = ".usage";
    private const string RefusedExtension = ".refused";

    /// <summary>The segments of a folder, oldest first.</summary>
    public static IReadOnlyList<SpoolSegment> In(string directory) => [.. Directory.EnumerateFiles(directory, "*" + Extension)
        .Select(path => new SpoolSegment(path, NumberOf(path)))
        .OrderBy(segment => segment.Number)];

    public static FileStream Create(string directory, long number)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(System.IO.Path.Combine(directory, number.ToString("D16", CultureInfo.InvariantCulture) + Extension), options);
    }

    /// <summary>Keeps a line that cannot be sent in a file beside the segment, and returns that file's path.</summary>
    public async Task<string> SetAsideAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        var path = System.IO.Path.ChangeExtension(Path, RefusedExtension);
        await using var file = new FileStream(path, FileMode.Append);
        await file.WriteAsync(line, cancellationToken);
        file.WriteByte((byte)'\n');
        await file.FlushAsync(cancellationToken);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
        return path;
    }

    private static long NumberOf(string path) =>
        long.TryParse(System.IO.Path.GetFileNameWithoutExtension(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
