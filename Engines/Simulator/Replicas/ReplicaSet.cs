using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Orrery.Simulator.Replicas;

/// <summary>The replica at the root and those that were added at run time.</summary>
internal sealed class ReplicaSet(IOptions<SimulatorOptions> options, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, Replica> _added = new();

    public Replica Root { get; } = new("", options.Value.ServedModels, new Dictionary<string, string>(), options.Value, time);

    public IEnumerable<Replica> All => _added.Values.OrderBy(replica => replica.Name, StringComparer.Ordinal).Prepend(Root);

    public bool TryFind(string? name, [NotNullWhen(true)] out Replica? replica)
    {
        replica = Root;
        return string.IsNullOrEmpty(name) || _added.TryGetValue(name, out replica);
    }

    /// <summary>Starts a replica, in place of the one of the same name if there is one: its requests run on, its state is gone.</summary>
    /// <param name="onlyNew">One of the same name stays as it is.</param>
    /// <returns><c>null</c> when one stayed.</returns>
    public Replica? Put(string name, IReadOnlyList<SimulatedModelOptions> models, IReadOnlyDictionary<string, string> labels, bool onlyNew)
    {
        var replica = new Replica(name, models, labels, options.Value, time);
        if (!onlyNew)
        {
            _added[name] = replica;
            return replica;
        }

        if (_added.TryAdd(name, replica))
        {
            return replica;
        }

        replica.Dispose();
        return null;
    }

    /// <returns><c>false</c> when there is none of that name.</returns>
    public bool Remove(string name) => _added.TryRemove(name, out _);

    public void Dispose()
    {
        foreach (var replica in All)
        {
            replica.Dispose();
        }
    }
}
