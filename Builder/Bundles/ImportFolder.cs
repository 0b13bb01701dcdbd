using System.Text;

namespace Orrery.Builder.Bundles;

/// <summary>What an import leaves beside the images: their new names, settings by which they keep their old ones, and the bundle's entries and charts.</summary>
internal sealed class ImportFolder
{
    private const string ImagesFile = "images.json";
    private const string RegistriesFile = "registries.conf";

    private static readonly string[] Known = [ImagesFile, RegistriesFile, BundleFolder.Entries, BundleFolder.Charts];

    private readonly string _root;

    /// <summary>Made where it is not there; what another import left is overwritten.</summary>
    public ImportFolder(string path)
    {
        _root = Path.GetFullPath(path);
        if (File.Exists(_root))
        {
            throw BundleException.Misuse($"--output '{_root}' is a file", "Name a directory.");
        }

        Directory.CreateDirectory(_root);
        var there = new DirectoryInfo(_root).EnumerateFileSystemInfos().ToList();
        var isImports = there.Any(one => one.Name == ImagesFile);
        if (there.FirstOrDefault(one => !isImports || !Known.Contains(one.Name) || one.LinkTarget is not null) is { } foreign)
        {
            throw BundleException.Misuse($"--output '{_root}' holds something else: '{BundlePaths.Shown(foreign.Name)}'", "Name a directory that is new, empty, or another import's.");
        }
    }

    /// <param name="isPlain">Whether the registry speaks http.</param>
    public void Write(BundleFolder bundle, BundleContent content, ImportedImages images, bool isPlain)
    {
        File.WriteAllBytes(Path.Combine(_root, ImagesFile), BundleDocument.Write(images));
        File.WriteAllText(Path.Combine(_root, RegistriesFile), Registries(images, isPlain));
        foreach (var folder in (string[])[BundleFolder.Entries, BundleFolder.Charts])
        {
            if (Directory.Exists(Path.Combine(_root, folder)))
            {
                Directory.Delete(Path.Combine(_root, folder), recursive: true);
            }
        }

        foreach (var path in content.About.Entries.Concat(content.About.Charts)) // Each was found in the bundle by a walk through it.
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
            File.Copy(bundle.PathOf(path), Path.Combine(_root, path));
        }
    }

    /// <summary>For podman, buildah and CRI-O (containers-registries.conf, version 2): the images' own names, answered by the registry here.</summary>
    private static string Registries(ImportedImages images, bool isPlain)
    {
        var text = new StringBuilder("# Images keep their names; the registry here answers in their registries' place.\n");
        foreach (var (registry, mirror) in images.Mirrors)
        {
            text.Append(
                $"""

                [[registry]]
                prefix = "{registry}"
                location = "{registry}"

                [[registry.mirror]]
                location = "{mirror}"
                insecure = {(isPlain ? "true" : "false")}

                """);
        }

        return text.ToString();
    }
}
