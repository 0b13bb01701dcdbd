using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What a service saw of a resource. It changes no spec and so bumps no generation.</summary>
/// <param name="ResourceVersion">Only if nobody changed the resource since; <c>null</c>: whatever is there.</param>
internal sealed record StatusReport(JsonElement Status, string? ResourceVersion)
{
    /// <summary>Reads <c>{"status": {…}, "metadata": {"resourceVersion": "…"}}</c>; a whole resource will do.</summary>
    public static (StatusReport? Report, Refusal? Refusal) Read(ReadOnlySpan<byte> body)
    {
        var errors = new FieldErrorList();
        var document = JsonDocuments.Read(body, errors) as MappingNode;
        if (document?.Find("status") is not MappingNode status || status.ToJson().ToJsonString().Contains("\\u0000", StringComparison.Ordinal))
        {
            errors.Add(0, new FieldError("status", null, "a JSON object without the character U+0000", "Send {\"status\": {…}}."), document?.At);
        }

        var version = ((document?.Find("metadata") as MappingNode)?.Find("resourceVersion") as ScalarNode)?.Value;
        return errors.Any
            ? (null, Refusal.Fields(errors.All))
            : (new StatusReport(JsonSerializer.SerializeToElement(document!.Find("status")!.ToJson()), version), null);
    }

    public ApplyPlan Plan(CatalogueState state, ResourceKey key, Caller caller)
    {
        if (state.Find(key) is not { } existing)
        {
            return ApplyPlan.Refused(Refusal.NotFound($"{key} does not exist in namespace '{key.Namespace}'."));
        }

        if (ResourceVersion is { Length: > 0 } && existing.Metadata.ResourceVersion != ResourceVersion)
        {
            return ApplyPlan.Refused(Refusal.Conflict(
                $"{key} has been changed by {existing.ChangedBy}: its resourceVersion is {existing.Metadata.ResourceVersion}, the report says {ResourceVersion}. Look again."));
        }

        var isSame = existing.Status is { } known && JsonElement.DeepEquals(known, Status);
        var after = isSame ? existing : ApplyPlanner.Next(state, existing with { Status = Status }, caller.Name);
        return new ApplyPlan([new PlannedStep(0, isSame ? ApplyActions.Unchanged : ApplyActions.Configured, existing, after)], Audited: false);
    }
}
