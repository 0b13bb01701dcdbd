using System.Buffers;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace Orrery.Gateway.Intake;

/// <summary>Where long bodies wait: files that lose their name as soon as they are open, so that none outlives its request or, however it ends, the process.</summary>
internal sealed class BodySpool(DataSlot slot, IOptions<GatewayOptions> options)
{
    private readonly string _directory = Path.Combine(slot.Directory, "spool");
    private readonly long _limit = options.Value.MaxSpooledBytes;
    private long _held;
    private int _files;

    /// <summary>Bytes in all of them.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Files that are open.</summary>
    public int Files => Volatile.Read(ref _files);

    /// <exception cref="IOException">The disk takes no file.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written to.</exception>
    public SpoolFile Open()
    {
        Directory.CreateDirectory(_directory);
        var path = Path.Combine(_directory, Path.GetRandomFileName());
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.Asynchronous);
        Interlocked.Increment(ref _files);
        File.Delete(path);
        return new SpoolFile(this, handle);
    }

    internal bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= _limit)
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    internal void Closed(long length)
    {
        Interlocked.Add(ref _held, -length);
        Interlocked.Decrement(ref _files);
    }
}

/// <summary>A file without a name, written once from its beginning and read anywhere.</summary>
internal sealed class SpoolFile(BodySpool spool, SafeFileHandle handle) : IDisposable
{
    private readonly List<ReadOnlyMemory<byte>> _segments = [];
    private bool _isClosed;

    public long Length { get; private set; }

    /// <returns><c>false</c> when all files together are as long as they may be.</returns>
    /// <exception cref="IOException">The disk is full.</exception>
    public async ValueTask<bool> TryAppendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        if (!spool.TryTake(bytes.Length))
        {
            return false;
        }

        var start = Length;
        Length += bytes.Length; // What is taken is given back by its length, whether or not the write succeeds.
        _segments.Clear();
        foreach (var segment in bytes)
        {
            _segments.Add(segment);
        }

        await RandomAccess.WriteAsync(handle, _segments, start, cancellationToken);
        return true;
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken) => RandomAccess.ReadAsync(handle, buffer, offset, cancellationToken);

    public void Dispose()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        handle.Dispose();
        spool.Closed(Length);
    }
}
