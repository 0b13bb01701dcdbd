namespace Orrery.Builder.Bundles;

/// <summary>A file that tells how far it was read.</summary>
internal sealed class WatchedFile(string path, Action<long> advanced)
    : FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await base.ReadAsync(buffer, cancellationToken);
        advanced(Position);
        return read;
    }
}
