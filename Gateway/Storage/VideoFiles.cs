using System.Buffers;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>
/// Videos that engines answered with, a file each under the video's id. One is written under a name of its own and renamed when it is whole, so that none is ever half there.
/// </summary>
internal sealed class VideoFiles(IOptions<VideoOptions> options, IOptions<GatewayOptions> gateway)
{
    private const string Whole = ".video";
    private const string Part = ".part";
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_");

    private readonly string _directory = options.Value.Directory ?? Path.Combine(gateway.Value.DataDirectory, "videos");

    public long MaxBytes => options.Value.MaxBytes;

    /// <summary>A new file for a video that is being received.</summary>
    /// <exception cref="VideoFileException">The disk takes no file.</exception>
    public VideoFile Begin(string id)
    {
        try
        {
            Directory.CreateDirectory(_directory);
            return new VideoFile(PathOf(id, "." + Path.GetRandomFileName() + Part), PathOf(id, Whole));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VideoFileException(error.Message, error);
        }
    }

    /// <summary>Whether the disk takes files now.</summary>
    public async ValueTask<bool> IsWritableAsync(string id)
    {
        try
        {
            await using (Begin(id))
            {
                return true;
            }
        }
        catch (VideoFileException)
        {
            return false;
        }
    }

    /// <returns><c>null</c>: it is not here.</returns>
    public FileStream? TryOpen(string id)
    {
        try
        {
            return new FileStream(PathOf(id, Whole), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 64 << 10, useAsync: true);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Takes away all that is kept of a video.</summary>
    public void Delete(string id)
    {
        if (Directory.Exists(_directory))
        {
            foreach (var path in Directory.EnumerateFiles(_directory, Checked(id) + ".*"))
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Ids of files that nobody has written to since <paramref name="before"/>.</summary>
    public IReadOnlyList<string> IdsOlderThan(DateTimeOffset before) => !Directory.Exists(_directory)
        ? []
        : [.. new DirectoryInfo(_directory).EnumerateFiles()
            .Where(file => file.LastWriteTimeUtc < before.UtcDateTime && (file.Name.EndsWith(Whole, StringComparison.Ordinal) || file.Name.EndsWith(Part, StringComparison.Ordinal)))
            .Select(file => file.Name[..file.Name.IndexOf('.', StringComparison.Ordinal)])
            .Where(id => !id.AsSpan().ContainsAnyExcept(IdCharacters))
            .Distinct(StringComparer.Ordinal)];

    private string PathOf(string id, string end) => Path.Combine(_directory, Checked(id) + end);

    private static string Checked(string id) =>
        id.Length > 0 && !id.AsSpan().ContainsAnyExcept(IdCharacters) ? id : throw new ArgumentException("An id that is none of ours names no file.", nameof(id));
}

/// <summary>A video that is being written. Disposed without having been kept, it is gone.</summary>
internal sealed class VideoFile : IAsyncDisposable
{
    private readonly string _path;
    private readonly string _wholePath;
    private readonly FileStream _stream;
    private bool _isKept;

    public VideoFile(string path, string wholePath)
    {
        (_path, _wholePath) = (path, wholePath);
        _stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, bufferSize: 0, useAsync: true);
    }

    public long Length { get; private set; }

    /// <exception cref="VideoFileException">The disk is full.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes);
            Length += bytes.Length;
        }
        catch (IOException error)
        {
            throw new VideoFileException(error.Message, error);
        }
    }

    /// <summary>All of it has come: from here on it is there under the video's id, and stays over a power cut.</summary>
    /// <exception cref="VideoFileException">The disk is full.</exception>
    public void Keep()
    {
        try
        {
            _stream.Flush(flushToDisk: true);
            File.Move(_path, _wholePath, overwrite: true);
            _isKept = true;
        }
        catch (IOException error)
        {
            throw new VideoFileException(error.Message, error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        if (!_isKept)
        {
            File.Delete(_path);
        }
    }
}

/// <summary>The gateway's own disk does not take a video. No <see cref="IOException"/>, which would be taken for the engine's doing.</summary>
internal sealed class VideoFileException(string message, Exception inner) : Exception(message, inner);
