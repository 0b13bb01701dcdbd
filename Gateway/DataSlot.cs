using System.Globalization;

namespace Orrery.Gateway;

/// <summary>
/// A replica's own numbered folder in a data directory that replicas may share: the first one whose lock file is free.
/// The operating system gives the lock back when the process ends, however it ends.
/// </summary>
internal sealed class DataSlot : IDisposable
{
    private const int MostSlots = 1_000;
    private const string LockName = "lock";
    private readonly string _root;
    private readonly FileStream _lock;

    private DataSlot(string root, int number, FileStream @lock)
    {
        (_root, Number, _lock) = (root, number, @lock);
    }

    public int Number { get; }

    public string Directory => PathOf(_root, Number);

    /// <exception cref="InvalidOperationException">The directory cannot be written to.</exception>
    public static DataSlot Take(string root)
    {
        try
        {
            for (var number = 0; number < MostSlots; number++)
            {
                System.IO.Directory.CreateDirectory(PathOf(root, number));
                if (TryLock(root, number) is { } taken)
                {
                    return taken;
                }
            }
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new InvalidOperationException($"Gateway:DataDirectory is '{root}'; expected a directory that the gateway may write to. {error.Message}", error);
        }

        throw new InvalidOperationException($"Gateway:DataDirectory '{root}' has {MostSlots} slots in use; give some replicas a directory of their own.");
    }

    /// <summary>The folders of replicas that have ended, each locked until it is disposed.</summary>
    public IEnumerable<DataSlot> TakeOrphans()
    {
        foreach (var path in System.IO.Directory.EnumerateDirectories(_root, "slot-*"))
        {
            if (int.TryParse(Path.GetFileName(path).AsSpan("slot-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number != Number
                && TryLock(_root, number) is { } orphan)
            {
                yield return orphan;
            }
        }
    }

    /// <summary>The files of one name in every slot of the directory.</summary>
    public IEnumerable<string> FilesOfAllSlots(string name) =>
        System.IO.Directory.EnumerateDirectories(_root, "slot-*").Select(path => Path.Combine(path, name)).Where(File.Exists);

    public void Dispose() => _lock.Dispose();

    private static DataSlot? TryLock(string root, int number)
    {
        try
        {
            return new DataSlot(root, number, new FileStream(
                Path.Combine(PathOf(root, number), LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error) when (error is not DirectoryNotFoundException)
        {
            return null; // Another replica holds it.
        }
    }

    private static string PathOf(string root, int number) => Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"slot-{number}"));
}
