using System.Globalization;

namespace Orrery.Builder.Targets.Container;

/// <summary>A file of this machine that a container sees at <paramref name="Path"/>.</summary>
internal sealed record FileMount(string Source, string Path);

/// <summary>What revisions have in <see cref="RevisionTemplate.Files"/>, as files of this machine: a folder a revision, which goes with its replicas.</summary>
internal sealed class RevisionFiles(ContainerOptions options)
{
    /// <summary>Writes what is not there yet; what is lost, the next container brings back.</summary>
    public async Task<IReadOnlyList<FileMount>> WriteAsync(WantedReplicas wanted, CancellationToken cancellationToken)
    {
        if (wanted.Template.Files is not { } files)
        {
            return [];
        }

        var folder = Path.Combine(options.StateFolder, NameOf(wanted.Key.Uid, wanted.Revision));
        try
        {
            MakeFolder(folder);
            var mounts = new List<FileMount>();
            foreach (var path in files.Keys.Order(StringComparer.Ordinal))
            {
                var source = Path.Combine(folder, $"file-{mounts.Count}");
                await WriteAsync(source, files[path], cancellationToken);
                mounts.Add(new FileMount(source, path));
            }

            return mounts;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TargetException(
                ReplicaReasons.Misconfigured, $"The files of revision {wanted.Revision} (spec.files) cannot be written: {error.Message} Let the Builder write there, or set {ContainerOptions.Section}:{nameof(ContainerOptions.StateFolder)}; it is tried again.");
        }
    }

    /// <summary>Of one revision, or all of the deployment's.</summary>
    public void Remove(string uid, int? revision)
    {
        if (Directory.Exists(options.StateFolder))
        {
            foreach (var folder in Directory.EnumerateDirectories(options.StateFolder, revision is { } number ? NameOf(uid, number) : $"{uid}-r*").ToList())
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static string NameOf(string uid, int revision) => string.Create(CultureInfo.InvariantCulture, $"{uid}-r{revision}");

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            // Others find nothing here; containers are handed the files themselves.
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static async Task WriteAsync(string file, string content, CancellationToken cancellationToken)
    {
        if (File.Exists(file) && await File.ReadAllTextAsync(file, cancellationToken) == content)
        {
            return;
        }

        // In one step: a Builder that is killed leaves no half of a file.
        var half = file + ".new";
        await File.WriteAllTextAsync(half, content, cancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            // Servers run as users of their images.
            File.SetUnixFileMode(half, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        File.Move(half, file, overwrite: true);
    }
}
