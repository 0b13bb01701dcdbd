using System.Buffers;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>The blobs of a bundle that is being made: each is fetched once, and not at all where it is there already.</summary>
internal sealed class BundleBlobs(BundleFolder folder, BundleProgress progress)
{
    private const int BufferBytes = 128 << 10;

    private readonly Dictionary<string, long> _whole = [];

    /// <summary>Those that belong to the bundle, with their sizes.</summary>
    public IReadOnlyDictionary<string, long> Whole => _whole;

    public async Task FetchAsync(RegistryRepository repository, OciDescriptor blob, CancellationToken cancellationToken)
    {
        if (_whole.TryGetValue(blob.Digest, out var size))
        {
            if (size != blob.Size)
            {
                throw new BundleException($"{blob.Digest} has {size} bytes, and a manifest of {repository.Name} says {blob.Size}", "The image is broken: build it anew, or take another.");
            }

            return;
        }

        var isThere = await folder.HoldsAsync(blob, cancellationToken);
        if (!isThere)
        {
            // The stream ends without an error only where it was what the digest names: no other file gets its name.
            await repository.ReadBlobAsync(blob, content => WriteAsync(blob, content, cancellationToken), cancellationToken);
        }

        progress.Blob(blob.Digest, blob.Size, isThere ? "is there" : "fetched");
        _whole[blob.Digest] = blob.Size;
    }

    /// <summary>A manifest, whose bytes are held against the digest already.</summary>
    public async Task WriteManifestAsync(OciDescriptor manifest, byte[] body, CancellationToken cancellationToken)
    {
        if (await folder.ReadManifestAsync(manifest, cancellationToken) is null)
        {
            await folder.WriteAsync(BundleFolder.BlobName(manifest.Digest), body, cancellationToken);
        }

        _whole[manifest.Digest] = manifest.Size;
    }

    private async Task<bool> WriteAsync(OciDescriptor blob, Stream content, CancellationToken cancellationToken)
    {
        await folder.WriteAsync(BundleFolder.BlobName(blob.Digest), file => CopyAsync(blob, content, file, cancellationToken));
        return true;
    }

    private async Task CopyAsync(OciDescriptor blob, Stream content, Stream file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            for (long done = 0; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; progress.Advanced(BundleProgress.Short(blob.Digest), done += read, blob.Size))
            {
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
