namespace Aspire.Hosting;

/// <summary>Volumes that servers of this machine write to, held by one host at a time: two Redis servers in one folder would destroy each other's data.</summary>
internal sealed class VolumeLocks : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IDisposable> _held = new(StringComparer.Ordinal);

    /// <summary>Holds a volume until this host ends; holding it again changes nothing.</summary>
    /// <exception cref="DistributedApplicationException">Another host holds it.</exception>
    public void Hold(string volume, string resource)
    {
        lock (_lock)
        {
            if (!_held.ContainsKey(volume))
            {
                _held[volume] = FileLock.TryTake(volume + ".lock") ?? throw new DistributedApplicationException(
                    $"'{resource}' cannot start: another running AppHost uses its data in {volume}. Stop that one, or give this one a folder of its own (AppHost:StateDirectory).");
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var held in _held.Values)
            {
                held.Dispose();
            }

            _held.Clear();
        }
    }
}
