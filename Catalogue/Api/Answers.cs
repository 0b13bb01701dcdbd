using System.Globalization;
using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>What an apply did, or would do; one result a document and one for each resource that left a managed set.</summary>
/// <param name="ResourceVersion">The store's revision afterwards.</param>
/// <param name="Notes">What the authors of pasted documents should know.</param>
internal sealed record ApplyAnswer(bool DryRun, string ResourceVersion, IReadOnlyList<AppliedResource> Results, IReadOnlyList<DocumentNote>? Notes = null)
{
    /// <param name="documents">What was applied, for what pasted documents became.</param>
    public static ApplyAnswer Of(ApplyPlan plan, CatalogueState state, bool isDryRun, IReadOnlyList<DeclaredResource>? documents = null)
    {
        var pasted = (documents ?? []).Where(document => document.Pasted is not null).ToList();
        var indexes = pasted.Select(document => document.Index).ToHashSet();
        var notes = pasted.DistinctBy(document => document.Index)
            .SelectMany(document => document.Pasted!.Notes.Select(note => new DocumentNote(document.Index, note.Path, note.Text))).ToList();
        return new(
            isDryRun, state.Revision.ToString(CultureInfo.InvariantCulture),
            [.. plan.Steps.Select(step => AppliedResource.Of(step, isDryRun, isPasted: step.Document is { } index && indexes.Contains(index)))],
            notes.Count > 0 ? notes : null);
    }
}

/// <summary>Something about a pasted document that is no fault.</summary>
internal sealed record DocumentNote(int Document, string Path, string Text);

/// <param name="Action">created, configured, unchanged or deleted.</param>
/// <param name="Changes">The fields that differ, where the resource was there before.</param>
/// <param name="Token">A new access key's token. It is told this once and cannot be read again.</param>
/// <param name="Spec">What it became, where the document was of another shape.</param>
internal sealed record AppliedResource(
    int? Document, string Kind, string Namespace, string Name, string Action, IReadOnlyList<FieldChange> Changes, string? ResourceVersion, string? Token, JsonElement? Spec = null)
{
    public static AppliedResource Of(PlannedStep step, bool isDryRun, bool isPasted) => new(
        step.Document, step.Key.Kind.Name, step.Key.Namespace, step.Key.Name, step.Action, FieldDiff.Between(step.Before, step.After),
        isDryRun ? step.Before?.Metadata.ResourceVersion : step.After?.Metadata.ResourceVersion, isDryRun ? null : step.Token,
        isPasted ? step.After?.ShownSpec() : null);
}

/// <summary>A resource as a PUT answers it.</summary>
/// <param name="Token">A new access key's token. It is told this once and cannot be read again.</param>
internal sealed record WrittenResource(string ApiVersion, string Kind, ResourceMetadata Metadata, JsonElement Spec, JsonElement? Status, string? Token)
{
    public static WrittenResource Of(StoredResource stored, string? token)
    {
        var shown = stored.ToShown();
        return new WrittenResource(shown.ApiVersion, shown.Kind, shown.Metadata, shown.Spec, shown.Status, token);
    }
}

internal sealed record ResourceList(string ApiVersion, string Kind, ListMetadata Metadata, IReadOnlyList<Resource> Items);

/// <param name="ResourceVersion">Watch from here.</param>
/// <param name="After">Pass it as <c>after</c> for the next page; absent on the last.</param>
internal sealed record ListMetadata(string ResourceVersion, string? After);

internal sealed record RevisionList(IReadOnlyList<RevisionEntry> Items, string? After);

internal sealed record RevisionEntry(long Revision, string Action, long Generation, string ChangedBy, DateTimeOffset ChangedAt, Resource Resource);

internal sealed record WatchEvent(string Type, Resource Object);

/// <summary>Nothing of interest has happened up to this revision: watch on from here.</summary>
internal sealed record WatchBookmark(string Type, string ResourceVersion);

internal sealed record KindList(string ApiVersion, IReadOnlyList<KindEntry> Kinds);

internal sealed record KindEntry(string Kind, string Plural, string Schema);

internal sealed record ModelOffer(string Name, string Provider, string Engine, string UpstreamId, bool Simulated);

internal sealed record UsageList(IReadOnlyList<UsageEvent> Items, string? After);
