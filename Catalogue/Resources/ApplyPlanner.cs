using System.Globalization;
using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Secrets;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>Holds what is wanted against what is there. Writes nothing: all or nothing is decided here, before anything happens.</summary>
internal sealed class ApplyPlanner(SecretVault vault, EgressPolicy egress, TimeProvider time)
{
    public ApplyPlan Plan(CatalogueState state, ApplyRequest request)
    {
        var faults = new PlanFaults();
        RequireDistinct(request.Documents, faults);
        EgressChecks.Check(egress, request.Documents, faults);
        var steps = request.Documents.DistinctBy(document => document.Key).Select(document => PlanOne(state, document, request, faults)).ToList();
        if (request.Prune)
        {
            var wanted = request.Documents.Select(document => document.Key).ToHashSet();
            var managed = state.All.Where(resource => resource.ManagedBy == request.Manager && request.Caller.MayReach(resource.Metadata.Namespace));
            AddDeletions(state, [.. managed.Where(resource => !wanted.Contains(resource.Key))], steps);
        }

        if (steps.FirstOrDefault(step => !request.Caller.MayWrite(step.Key.Kind)) is { } foreign)
        {
            return ApplyPlan.Refused(Refusal.NotPublished(foreign.Key.Kind));
        }

        CrossChecks.Check(state, request.Documents, steps, faults);
        return faults.Refusal is { } refusal ? ApplyPlan.Refused(refusal) : new ApplyPlan(steps);
    }

    /// <param name="resourceVersion">Delete only if nobody changed it since; <c>null</c>: whatever is there.</param>
    public ApplyPlan PlanDeletion(CatalogueState state, ResourceKey key, string manager, string? resourceVersion)
    {
        if (state.Find(key) is not { } existing)
        {
            return ApplyPlan.Refused(Refusal.NotFound($"{key} does not exist in namespace '{key.Namespace}'."));
        }

        var faults = new PlanFaults();
        RequireManager(existing, manager, faults);
        RequireVersion(key, existing, resourceVersion, faults);
        var steps = new List<PlannedStep>();
        AddDeletions(state, [existing], steps);
        CrossChecks.Check(state, [], steps, faults);
        return faults.Refusal is { } refusal ? ApplyPlan.Refused(refusal) : new ApplyPlan(steps);
    }

    /// <summary>A resource's next shape after a change, at the revision that the change will have.</summary>
    public static StoredResource Next(CatalogueState state, StoredResource resource, string by) => resource with
    {
        ChangedBy = by,
        Metadata = resource.Metadata with { ResourceVersion = (state.Revision + 1).ToString(CultureInfo.InvariantCulture) },
    };

    private static void RequireDistinct(IReadOnlyList<DeclaredResource> documents, PlanFaults faults)
    {
        var first = new Dictionary<ResourceKey, int>();
        foreach (var document in documents.Where(document => !first.TryAdd(document.Key, document.Index)))
        {
            var expectation = $"a {document.Key.Kind.Name} that the request declares once; document {first[document.Key]} declares it too";
            faults.Add(document, "metadata.name", document.Key.Name, expectation);
        }
    }

    private PlannedStep PlanOne(CatalogueState state, DeclaredResource document, ApplyRequest request, PlanFaults faults)
    {
        var existing = state.Find(document.Key);
        RequireVersion(document.Key, existing, document.Metadata.ResourceVersion, faults);
        if (existing is not null)
        {
            RequireManager(existing, request.Manager, faults);
            if (existing.IsGoing && !request.Caller.IsService)
            {
                faults.AddConflict($"{existing.Key} is being deleted; apply it again when it is gone.");
            }
        }

        var (spec, token) = SpecOf(document, existing);
        var metadata = MetadataOf(document, existing, request);
        var sameSpec = existing is not null && FieldDiff.SameSpec(existing.Spec, spec, document.Definition);
        var wanted = new StoredResource(
            document.Definition.Kind,
            metadata with { Generation = sameSpec ? existing!.Metadata.Generation : (existing?.Metadata.Generation ?? 0) + 1 },
            spec,
            StatusOf(spec, existing, sameSpec, request.Caller),
            existing?.ChangedBy ?? "");
        if (existing is not null && sameSpec && FieldDiff.SameMetadata(existing.Metadata, metadata))
        {
            return new PlannedStep(document.Index, ApplyActions.Unchanged, existing, existing);
        }

        var isReleased = existing is { IsGoing: true } && metadata.Finalizers is not { Count: > 0 };
        if (isReleased)
        {
            return new PlannedStep(document.Index, ApplyActions.Deleted, existing, null);
        }

        var action = existing is null ? ApplyActions.Created : ApplyActions.Configured;
        return new PlannedStep(document.Index, action, existing, Next(state, wanted, request.Caller.Name), token);
    }

    private (object Spec, string? Token) SpecOf(DeclaredResource document, StoredResource? existing)
    {
        switch (document.Spec)
        {
            case SecretSpec secret:
                return (vault.Seal(document.Key, secret, existing?.Spec as SealedSecretSpec), null);
            case AccessKeySpec { Sha256: null } key when existing?.Spec is AccessKeySpec known:
                return (key with { Sha256 = known.Sha256, Prefix = known.Prefix }, null);
            case AccessKeySpec { Sha256: null } key:
                var token = AccessToken.Create();
                return (key with { Sha256 = AccessToken.Hash(token), Prefix = AccessToken.ShownPrefix(token) }, token);
            case AccessKeySpec { Prefix: null } key when existing?.Spec is AccessKeySpec known && known.Sha256 == key.Sha256:
                return (key with { Prefix = known.Prefix }, null);
            default:
                return (document.Spec, null);
        }
    }

    /// <summary>Other services write it; of an acceptance it says whose word it is, which is theirs who wrote what it says.</summary>
    private JsonElement? StatusOf(object spec, StoredResource? existing, bool sameSpec, Caller caller) =>
        spec is not LicenceAcceptanceSpec ? existing?.Status
        : (sameSpec ? AcceptanceStatus.Of(existing!) : new AcceptanceStatus(caller.Name, time.GetUtcNow())).ToJson();

    private ResourceMetadata MetadataOf(DeclaredResource document, StoredResource? existing, ApplyRequest request)
    {
        var written = document.Metadata;
        var labels = new SortedDictionary<string, string>((written.Labels ?? new Dictionary<string, string>()).ToDictionary(), StringComparer.Ordinal);
        if (request.Manager != Managers.Operator)
        {
            labels[WellKnownLabels.ManagedBy] = request.Manager;
        }

        var now = time.GetUtcNow();
        var known = existing?.Metadata;
        return new ResourceMetadata
        {
            Name = written.Name,
            Namespace = written.Namespace,
            Labels = labels.Count > 0 ? labels : null,
            Annotations = written.Annotations is { Count: > 0 } annotations ? annotations : null,
            Uid = known?.Uid ?? Guid.CreateVersion7(now).ToString(),
            ResourceVersion = known?.ResourceVersion,
            CreationTimestamp = known?.CreationTimestamp ?? now,
            DeletionTimestamp = known?.DeletionTimestamp,
            Finalizers = request.Caller.IsService && written.Finalizers is not null ? written.Finalizers : known?.Finalizers,
            OwnerReferences = request.Caller.IsService && written.OwnerReferences is not null ? written.OwnerReferences : known?.OwnerReferences,
            ManagedBy = request.Manager,
        };
    }

    /// <summary>Adds the deletion of <paramref name="leaving"/> and of everything they own, unless the plan says something of it already.</summary>
    private void AddDeletions(CatalogueState state, IReadOnlyList<StoredResource> leaving, List<PlannedStep> steps)
    {
        var planned = steps.Select(step => step.Key).ToHashSet();
        var queue = new Queue<StoredResource>(leaving);
        while (queue.TryDequeue(out var resource))
        {
            if (!planned.Add(resource.Key))
            {
                continue;
            }

            var isHeld = resource.Metadata.Finalizers is { Count: > 0 };
            if (!(isHeld && resource.IsGoing))
            {
                var going = resource with { Metadata = resource.Metadata with { DeletionTimestamp = resource.Metadata.DeletionTimestamp ?? time.GetUtcNow() } };
                steps.Add(new PlannedStep(null, ApplyActions.Deleted, resource, isHeld ? Next(state, going, resource.ChangedBy) : null));
            }

            foreach (var other in state.Namespace(resource.Metadata.Namespace).Values)
            {
                if (other.Metadata.OwnerReferences?.Any(owner => owner.Uid == resource.Metadata.Uid) is true)
                {
                    queue.Enqueue(other);
                }
            }
        }
    }

    private static void RequireManager(StoredResource existing, string manager, PlanFaults faults)
    {
        if (existing.ManagedBy != manager)
        {
            faults.AddConflict(
                $"{existing.Key} in namespace '{existing.Metadata.Namespace}' is managed by '{existing.ManagedBy}', and this request writes as '{manager}'. "
                + $"Use another name, have '{existing.ManagedBy}' give it up, or write as it with ?manager={existing.ManagedBy}.");
        }
    }

    private static void RequireVersion(ResourceKey key, StoredResource? existing, string? resourceVersion, PlanFaults faults)
    {
        if (string.IsNullOrEmpty(resourceVersion) || existing?.Metadata.ResourceVersion == resourceVersion)
        {
            return;
        }

        faults.AddConflict(existing is null
            ? $"{key} does not exist (any more), and the request says resourceVersion {resourceVersion}. Leave resourceVersion out to create it."
            : $"{key} has been changed by {existing.ChangedBy}: its resourceVersion is {existing.Metadata.ResourceVersion}, the request says {resourceVersion}. "
                + "Read it again and repeat the change.");
    }
}
