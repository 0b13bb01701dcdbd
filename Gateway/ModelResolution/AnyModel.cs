using System.Collections.Concurrent;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.ModelResolution;

/// <summary>What <c>auto</c> means to a caller who may call every model: all that take the operation, and the plan over them. Made once a snapshot, when it is first asked for.</summary>
internal sealed class AnyModel(IReadOnlyList<ServedModel> listed)
{
    private readonly ConcurrentDictionary<Operation, Takers> _takers = new();

    public Takers For(Operation operation) => _takers.GetOrAdd(operation, static (operation, listed) => new Takers(operation, listed), listed);

    /// <summary>Those that take an operation.</summary>
    internal sealed class Takers(Operation operation, IReadOnlyList<ServedModel> listed)
    {
        /// <summary>By id.</summary>
        public IReadOnlyList<WantedModel> Wanted { get; } = [.. listed.Where(model => OperationCheck.Takes(model, operation)).Select(model => new WantedModel(model, null))];

        /// <summary>Everyone who serves one of them, by priority.</summary>
        public RoutePlan Plan => field ??= new([.. Wanted.SelectMany(wanted => wanted.Model.Plan.Candidates).OrderBy(candidate => candidate.Provider.Priority)], "any model that fits, by priority");
    }
}
