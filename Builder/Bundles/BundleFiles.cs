using System.IO.Enumeration;

namespace Orrery.Builder.Bundles;

/// <summary>A file that goes into a bundle as it is.</summary>
/// <param name="Source">Where it lies.</param>
/// <param name="Name">Its path in the bundle.</param>
internal sealed record BundleFile(string Source, string Name);

/// <summary>Finds the files of entries and charts. A file keeps its name, a folder's files the path from it.</summary>
internal static class BundleFiles
{
    private const int Most = 10_000;
    private const long LargestBytes = 64 << 20;

    private static readonly string[] EntryEndings = [".yaml", ".yml", ".json", ".js", ".ts"];

    public static IReadOnlyList<BundleFile> Find(IReadOnlyList<string> entries, IReadOnlyList<string> charts)
    {
        var found = entries.SelectMany(path => Entries(path)).Concat(charts.SelectMany(path => Chart(path))).DistinctBy(file => (file.Source, file.Name)).ToList();
        if (found.Count > Most)
        {
            throw BundleException.Misuse($"There are {found.Count} files of entries and charts, and {Most} are the most", "Name the folders that are meant.");
        }

        if (found.GroupBy(file => file.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw BundleException.Misuse($"'{twice.First().Source}' and '{twice.Last().Source}' would both be '{twice.Key}'", "Rename one, or name the folder that holds both.");
        }

        return [.. found.Select(Checked).OrderBy(file => file.Name, StringComparer.Ordinal)];
    }

    private static IReadOnlyList<BundleFile> Entries(string path)
    {
        if (!Directory.Exists(path))
        {
            return [One(path, "--entries", BundleFolder.Entries)];
        }

        var found = Within(path, BundleFolder.Entries).Where(file => EntryEndings.Contains(Path.GetExtension(file.Source))).ToList();
        return found.Count > 0 ? found : throw BundleException.Misuse($"There is no entry in '{path}'", $"Expected files that end in {string.Join(", ", EntryEndings)}.");
    }

    private static IReadOnlyList<BundleFile> Chart(string path) => Directory.Exists(path)
        ? File.Exists(Path.Combine(path, "Chart.yaml")) ? [.. Within(path, BundleFolder.Charts)]
            : throw BundleException.Misuse($"'{path}' is no chart: it has no Chart.yaml", "Name a chart's folder, or what 'helm package' makes of it.")
        : path.EndsWith(".tgz", StringComparison.Ordinal) || !File.Exists(path) ? [One(path, "--chart", BundleFolder.Charts)]
        : throw BundleException.Misuse($"'{path}' is no chart", "Name a chart's folder, or what 'helm package' makes of it (.tgz).");

    private static BundleFile One(string path, string option, string below) => File.Exists(path)
        ? new BundleFile(Path.GetFullPath(path), $"{below}/{Path.GetFileName(path)}")
        : throw BundleException.Misuse($"{option} '{BundlePaths.Shown(path)}': there is no such file and no such folder", "Is it written right, from this folder?");

    /// <summary>Without what version control keeps there.</summary>
    private static IEnumerable<BundleFile> Within(string folder, string below)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return new FileSystemEnumerable<BundleFile>(
            root,
            (ref FileSystemEntry entry) => new BundleFile(entry.ToFullPath(), $"{below}/{Path.GetFileName(root)}/{Path.GetRelativePath(root, entry.ToFullPath())}"),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry) && entry.FileName is not ".git",
        };
    }

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static BundleFile Checked(BundleFile file)
    {
        var there = new FileInfo(file.Source);
        var fault = there.LinkTarget is not null ? "it is a link, which leads elsewhere on the other side"
            : there.Length > LargestBytes ? $"it has {there.Length} bytes, and {LargestBytes} are the most"
            : BundlePaths.FaultOf(file.Name);
        return fault is null ? file : throw BundleException.Misuse($"'{BundlePaths.Shown(file.Source)}' cannot be bundled: {fault}", "Copy what is meant to a folder of its own.");
    }
}
