using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What somebody wants declared.</summary>
/// <param name="Manager">Whose set the documents belong to; a name that another manager holds is not taken over.</param>
/// <param name="Prune">The documents are the manager's whole set: what it holds and is absent is deleted.</param>
internal sealed record ApplyRequest(IReadOnlyList<DeclaredResource> Documents, Caller Caller, string Manager, bool Prune = false);

/// <summary>What happens, or would happen, to a resource.</summary>
internal static class ApplyActions
{
    public const string Created = "created";
    public const string Configured = "configured";
    public const string Unchanged = "unchanged";
    public const string Deleted = "deleted";
}

/// <summary>One resource's part of a plan.</summary>
/// <param name="Document">The document that asks for it; <c>null</c> for what follows from the set as a whole.</param>
/// <param name="After"><c>null</c> when the resource is gone afterwards.</param>
/// <param name="Token">A new access key's token: told once, stored nowhere.</param>
internal sealed record PlannedStep(int? Document, string Action, StoredResource? Before, StoredResource? After, string? Token = null)
{
    public ResourceKey Key => (After ?? Before)!.Key;

    public bool IsChange => Action != ApplyActions.Unchanged;
}

/// <summary>What a write does, as data: shown by a dry run, executed by <see cref="ResourceStore"/>.</summary>
/// <param name="Audited">Whether it belongs into the revisions that people read; a status does not.</param>
internal sealed record ApplyPlan(IReadOnlyList<PlannedStep> Steps, Refusal? Refusal = null, bool Audited = true)
{
    public IReadOnlyList<PlannedStep> Changes => Refusal is null ? [.. Steps.Where(step => step.IsChange)] : [];

    public static ApplyPlan Refused(Refusal refusal) => new([], refusal);
}

/// <summary>The faults that only the whole shows: of documents (400) and of what is there (409).</summary>
internal sealed class PlanFaults
{
    private readonly FieldErrorList _errors = new();
    private readonly List<string> _conflicts = [];

    public void Add(DeclaredResource document, string path, string? value, string expectation, string? remedy = null) =>
        _errors.Add(document.Index, new FieldError(document.PathOf?.Invoke(path) ?? path, value, expectation, remedy), document.PlaceOf?.Invoke(path));

    public void AddConflict(string conflict)
    {
        if (!_conflicts.Contains(conflict))
        {
            _conflicts.Add(conflict);
        }
    }

    public Refusal? Refusal => _errors.Any
        ? Orrery.Catalogue.Refusal.Fields(_errors.All)
        : _conflicts.Count > 0 ? Orrery.Catalogue.Refusal.Conflict(string.Join(" ", _conflicts)) : null;
}
