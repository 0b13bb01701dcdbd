using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Following;

/// <summary>One revision's change of the snapshot, ready to be sent.</summary>
internal sealed record CompiledDelta(long From, long Revision, byte[] Json);

/// <summary>What this replica knows: the state, and how it came to it. Replaced as a whole, never changed.</summary>
/// <param name="Next">Ends when a newer view is there.</param>
internal sealed record LiveView(CatalogueState State, ImmutableQueue<CompiledDelta> Deltas, int DeltaCount, TaskCompletionSource Next)
{
    /// <summary>The deltas that lead from <paramref name="revision"/> to <see cref="State"/>; <c>null</c> when they do not reach back so far.</summary>
    public IReadOnlyList<CompiledDelta>? DeltasSince(long revision)
    {
        if (revision == State.Revision)
        {
            return [];
        }

        var deltas = Deltas.SkipWhile(delta => delta.From < revision).ToList();
        return deltas.Count > 0 && deltas[0].From == revision ? deltas : null;
    }
}

/// <summary>Holds the current <see cref="LiveView"/> of this replica and wakes who waits for a newer one.</summary>
internal sealed class LiveState(IOptions<CatalogueOptions> options)
{
    private readonly Lock _lock = new();
    private volatile LiveView _view = new(CatalogueState.Empty, [], 0, NewSignal());
    private volatile bool _isLoaded;

    public LiveView View => _view;

    public CatalogueState State => _view.State;

    /// <summary>Whether the store has been read; before that the state is empty for want of knowledge.</summary>
    public bool IsLoaded => _isLoaded;

    /// <summary>Takes over one revision's changes. Nothing happens when they are known; <c>false</c> when revisions are missing in between.</summary>
    public bool Advance(long revision, IReadOnlyCollection<ResourceChange> changes)
    {
        TaskCompletionSource woken;
        lock (_lock)
        {
            var view = _view;
            if (revision <= view.State.Revision)
            {
                return true;
            }

            if (revision != view.State.Revision + 1)
            {
                return false;
            }

            var (state, delta) = view.State.Advance(revision, changes);
            var (deltas, count) = (view.Deltas.Enqueue(Serialize(delta)), view.DeltaCount + 1);
            if (count > options.Value.SnapshotWindow)
            {
                (deltas, count) = (deltas.Dequeue(), count - 1);
            }

            woken = Replace_NeedsLock(new LiveView(state, deltas, count, NewSignal()));
        }

        woken.SetResult();
        return true;
    }

    /// <summary>Takes over a state that was read whole. An older one is taken only when the store itself went back (<paramref name="isRestored"/>).</summary>
    public void Replace(CatalogueState state, bool isRestored)
    {
        TaskCompletionSource? woken = null;
        lock (_lock)
        {
            if (isRestored || !_isLoaded || state.Revision > _view.State.Revision)
            {
                woken = Replace_NeedsLock(new LiveView(state, [], 0, NewSignal()));
                _isLoaded = true;
            }
        }

        woken?.SetResult();
    }

    private static CompiledDelta Serialize(SnapshotDelta delta) =>
        new(delta.From, delta.Revision, JsonSerializer.SerializeToUtf8Bytes(delta, ContractsJson.Default.SnapshotDelta));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TaskCompletionSource Replace_NeedsLock(LiveView view)
    {
        var previous = _view;
        _view = view;
        return previous.Next;
    }
}
