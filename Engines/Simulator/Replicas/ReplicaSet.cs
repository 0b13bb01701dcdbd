using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Orrery.Simulator.Replicas;

/// <summary>The replica at the root and those that were added at run time.</summary>
internal sealed class ReplicaSet(IOptions<SimulatorOptions> options, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, Replica> _added = new();

    public Replica Root { get; } = new("", options.Value.ServedModels, options.Value, time);

    public IEnumerable<Replica> All => _added.Values.OrderBy(replica => replica.Name, StringComparer.Ordinal).Prepend(Root);

    public bool TryFind(string? name, [NotNullWhen(true)] out Replica? replica)
    {
        replica = Root;
        return string.IsNullOrEmpty(name) || _added.TryGetValue(name, out replica);
    }

    /// <summary>Starts a replica, in place of the one of the same name if there is one: its requests run on, its state is gone.</summary>
    public Replica Put(string name, IReadOnlyList<SimulatedModelOptions> models)
    {
        var replica = new Replica(name, models, options.Value, time);
        _added[name] = replica;
        return replica;
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
