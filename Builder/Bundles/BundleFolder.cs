using System.IO.Enumeration;
using System.Security.Cryptography;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>
/// A bundle's directory: an OCI image layout (image specification 1.1) with entries and charts beside it. Files are written beside and renamed, so that what has its name is whole.
/// </summary>
internal sealed class BundleFolder(string root)
{
    public const string LayoutFile = "oci-layout";
    public const string IndexFile = "index.json";
    public const string AboutFile = "bundle.json";
    public const string SumsFile = "SHA256SUMS";
    public const string Blobs = "blobs";
    public const string Entries = "entries";
    public const string Charts = "charts";

    /// <summary>What <see cref="LayoutFile"/> holds.</summary>
    public static readonly byte[] Layout = """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray();

    /// <summary>For lists that grow with the number of images and files.</summary>
    public const int LongestList = 64 << 20;

    private const string Part = ".part";

    private static readonly string[] Known = [LayoutFile, IndexFile, AboutFile, SumsFile, Blobs, Entries, Charts];

    public string Root { get; } = Path.GetFullPath(root);

    /// <param name="digest">One that is sound.</param>
    public static string BlobName(string digest) => $"{Blobs}/{digest.Replace(':', '/')}";

    public string PathOf(string name) => Path.Combine(Root, name);

    public bool Has(string name) => File.Exists(PathOf(name));

    /// <summary>Makes it, or takes it where it is empty or a bundle, finished or not.</summary>
    public void Open()
    {
        if (File.Exists(Root))
        {
            throw BundleException.Misuse($"'{Root}' is a file", "Name a directory for the bundle.");
        }

        Directory.CreateDirectory(Root);
        var there = new DirectoryInfo(Root).EnumerateFileSystemInfos().Where(one => !(one is FileInfo && one.Name.EndsWith(Part, StringComparison.Ordinal))).ToList();
        if (there.FirstOrDefault(one => !Known.Contains(one.Name)) is { } foreign)
        {
            throw BundleException.Misuse($"'{Root}' is no bundle: '{BundlePaths.Shown(foreign.Name)}' is in it", "Name a directory that is new, empty, or a bundle.");
        }

        if (there.FirstOrDefault(one => one.LinkTarget is not null) is { } link)
        {
            throw BundleException.Misuse($"'{BundlePaths.Shown(link.FullName)}' is a link", "A bundle holds what it is made of: move the files there.");
        }

        if (there.Count > 0 && (!Has(LayoutFile) || (Has(IndexFile) && !Has(AboutFile))))
        {
            throw BundleException.Misuse($"'{Root}' is no bundle: it has no {(Has(LayoutFile) ? AboutFile : LayoutFile)}", "Name a directory that is new, empty, or a bundle.");
        }
    }

    public Task WriteAsync(string name, byte[] content, CancellationToken cancellationToken) =>
        WriteAsync(name, async file => await file.WriteAsync(content, cancellationToken));

    /// <summary>Whole or not at all.</summary>
    public async Task WriteAsync(string name, Func<Stream, Task> write)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            await using (var file = new FileStream(path + Part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
            {
                await write(file);
            }

            File.Move(path + Part, path, overwrite: true);
        }
        catch (Exception error)
        {
            File.Delete(path + Part);
            if (error is ArgumentOutOfRangeException)
            {
                // What .NET makes of EFBIG.
                throw new BundleException($"'{path}' is larger than a file may be on that disk", "FAT32 ends at 4 GiB: format it with exFAT or ext4, and run the same command again.");
            }

            throw;
        }
    }

    public FileStream Read(string name) => new(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);

    /// <summary>A small file, whole; <c>null</c>: it is larger, or not there.</summary>
    public async Task<byte[]?> ReadAsync(string name, int longest, CancellationToken cancellationToken) =>
        new FileInfo(PathOf(name)) is { Exists: true } file && file.Length <= longest ? await File.ReadAllBytesAsync(file.FullName, cancellationToken) : null;

    /// <summary>Whether a blob is there, and is what its digest names.</summary>
    public async Task<bool> HoldsAsync(OciDescriptor blob, CancellationToken cancellationToken)
    {
        if (new FileInfo(PathOf(BlobName(blob.Digest))) is not { Exists: true, LinkTarget: null } file || file.Length != blob.Size)
        {
            return false;
        }

        await using var content = Read(BlobName(blob.Digest));
        return await DigestAsync(content, blob.Digest, cancellationToken) == blob.Digest;
    }

    /// <summary>A manifest's bytes; <c>null</c>: it is not there, or not what its descriptor says.</summary>
    public async Task<byte[]?> ReadManifestAsync(OciDescriptor manifest, CancellationToken cancellationToken)
    {
        if (manifest.Size > OciManifest.LongestBytes || await ReadAsync(BlobName(manifest.Digest), OciManifest.LongestBytes, cancellationToken) is not { } body || body.Length != manifest.Size)
        {
            return null;
        }

        using var content = new MemoryStream(body, writable: false);
        return await DigestAsync(content, manifest.Digest, cancellationToken) == manifest.Digest ? body : null;
    }

    /// <summary>By the same algorithm as <paramref name="like"/>.</summary>
    public static async Task<string> DigestAsync(Stream content, string like, CancellationToken cancellationToken)
    {
        var algorithm = like[..like.IndexOf(':', StringComparison.Ordinal)];
        return $"{algorithm}:" + Convert.ToHexStringLower(algorithm switch
        {
            "sha256" => await SHA256.HashDataAsync(content, cancellationToken),
            "sha384" => await SHA384.HashDataAsync(content, cancellationToken),
            "sha512" => await SHA512.HashDataAsync(content, cancellationToken),
            _ => throw new ArgumentException($"'{algorithm}' is no algorithm of a digest.", nameof(like)),
        });
    }

    /// <summary>Everything in it, by its path from here; links are not followed.</summary>
    public IEnumerable<(string Path, long Size, bool IsLink)> Files() => new FileSystemEnumerable<(string, long, bool)>(
        Root,
        (ref FileSystemEntry entry) => (Path.GetRelativePath(Root, entry.ToFullPath()), entry.Length, IsLink(ref entry)),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false })
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
        ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry),
    };

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
}
