using System.Collections.Frozen;
using Orrery.Contracts;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway;

/// <summary>Everything the control plane said at one revision, immutable and indexed for lookups.</summary>
internal sealed class Snapshot
{
    /// <summary>What it was made from; deltas are applied to this and it is what rests on disk.</summary>
    public required SnapshotDocument Document { get; init; }

    public required CallerTable Callers { get; init; }

    /// <summary>By namespace and name, as are <see cref="Models"/> and <see cref="Teams"/>: what did not change is taken over by the next snapshot.</summary>
    public required IReadOnlyDictionary<string, Dictionary<string, ProviderRoute>> Providers { get; init; }

    public required IReadOnlyDictionary<string, NamespaceModels> Models { get; init; }

    public required IReadOnlyDictionary<(string Namespace, string Name), TeamLimits> Teams { get; init; }

    /// <summary>Paths that some provider lets through.</summary>
    public FrozenDictionary<string, Operation> PassThrough { get; init; } = FrozenDictionary<string, Operation>.Empty;

    public long Revision => Document.Revision;
}

/// <summary>The models of one organisation.</summary>
internal sealed record NamespaceModels
{
    public static readonly NamespaceModels None = new()
    {
        ByName = FrozenDictionary<string, ServedModel>.Empty,
        Listed = [],
        Any = new([]),
        Routes = RouteTable.None,
        RouteNames = [],
    };

    /// <summary>By public id and by alias; an id wins over an alias of the same name.</summary>
    public required FrozenDictionary<string, ServedModel> ByName { get; init; }

    public required RouteTable Routes { get; init; }

    /// <summary>Names that are no model's and exist through a route, each with the model that it leads to first.</summary>
    public required IReadOnlyList<(string Name, ServedModel Target)> RouteNames { get; init; }

    /// <summary>Each once, by id.</summary>
    public required IReadOnlyList<ServedModel> Listed { get; init; }

    public required AnyModel Any { get; init; }
}

/// <summary>The snapshot in force. One volatile swap; a request takes it once, at its start.</summary>
internal sealed class CurrentSnapshot(TimeProvider time)
{
    private volatile Snapshot? _value;
    private long _heardTimestamp = time.GetTimestamp();

    /// <summary><c>null</c> until the first one has come, from the Catalogue or from disk.</summary>
    public Snapshot? Value => _value;

    /// <summary>How long ago the Catalogue was last heard.</summary>
    public TimeSpan Age => time.GetElapsedTime(Interlocked.Read(ref _heardTimestamp));

    public void Swap(Snapshot next) => _value = next;

    public void Heard() => Interlocked.Exchange(ref _heardTimestamp, time.GetTimestamp());
}
