using System.IO.Compression;
using System.Text;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>Reads from a layer what says something of its parts, as it streams by; nothing is unpacked to anywhere.</summary>
internal static class LayerReader
{
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";

    /// <param name="mediaType">Of the layer, which says how it is packed.</param>
    public static async Task<LayerFacts> ReadAsync(Stream content, string mediaType, LayerLimits limits, CancellationToken cancellationToken)
    {
        var type = mediaType.Split(';')[0];
        if (type.EndsWith("zstd", StringComparison.Ordinal))
        {
            return LayerFacts.Nothing("it is packed with zstd, which is not read");
        }

        var isGzip = type.EndsWith("gzip", StringComparison.Ordinal);
        if (!isGzip && !type.EndsWith("tar", StringComparison.Ordinal))
        {
            return LayerFacts.Nothing("it is of a type that is not read");
        }

        var facts = new Collected();
        try
        {
            await using var unpacked = isGzip ? new GZipStream(content, CompressionMode.Decompress, leaveOpen: true) : null;
            await CollectAsync(new LayerTar(unpacked ?? content, limits), facts, limits, cancellationToken);
            return facts.Facts(null);
        }
        catch (LayerException error)
        {
            return facts.Facts(error.Message);
        }
        catch (InvalidDataException)
        {
            return facts.Facts("it is no whole gzip archive");
        }
    }

    private static async Task CollectAsync(LayerTar tar, Collected facts, LayerLimits limits, CancellationToken cancellationToken)
    {
        while (await tar.NextAsync(cancellationToken) is { } entry)
        {
            if (entry.Path is not { } path)
            {
                continue;
            }

            var slash = path.LastIndexOf('/');
            var (folder, name) = (slash < 0 ? "" : path[..slash], path[(slash + 1)..]);
            if (name == Opaque)
            {
                facts.Emptied.Add(folder);
            }
            else if (name.StartsWith(Whiteout, StringComparison.Ordinal))
            {
                facts.Removed.Add(folder.Length == 0 ? name[Whiteout.Length..] : $"{folder}/{name[Whiteout.Length..]}");
            }
            else if (PackageFile.ReaderOf(path) is { } reader)
            {
                await facts.AddAsync(path, entry, tar, reader, limits, cancellationToken);
            }
        }
    }

    private sealed class Collected
    {
        private readonly Dictionary<string, FileFacts> _files = new(StringComparer.Ordinal);
        private int _packages;

        public List<string> Removed { get; } = [];

        public List<string> Emptied { get; } = [];

        public async Task AddAsync(string path, LayerEntry entry, LayerTar tar, Func<string, FileFacts> reader, LayerLimits limits, CancellationToken cancellationToken)
        {
            if (entry.IsHardLink)
            {
                // The content came before, under another name.
                _files[path] = entry.Target is { } target && _files.GetValueOrDefault(target) is { } known ? known with { Path = path } : PackageFile.NotRead(path, "is a link to a file of another name");
            }
            else if (entry.IsFile)
            {
                _files[path] = entry.Size > limits.FileBytes
                    ? PackageFile.NotRead(path, $"has {entry.Size} bytes, and {limits.FileBytes} are the most")
                    : reader(Encoding.UTF8.GetString(await tar.ReadAsync(entry, limits.FileBytes, cancellationToken)));
            }

            if (_files.GetValueOrDefault(path) is { } read && (_packages += read.Packages.Count) > limits.Packages)
            {
                throw new LayerException($"it has more than {limits.Packages} packages");
            }
        }

        public LayerFacts Facts(string? notRead) => new(LayerFacts.CurrentVersion, [.. _files.Values.OrderBy(file => file.Path, StringComparer.Ordinal)], Removed, Emptied, notRead);
    }
}
