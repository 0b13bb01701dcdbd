using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What must hold between resources once a plan is done. A breach that a document brings is that document's fault.</summary>
internal static class CrossChecks
{
    public static void Check(CatalogueState state, IReadOnlyList<DeclaredResource> documents, IReadOnlyList<PlannedStep> steps, PlanFaults faults)
    {
        var byKey = documents.DistinctBy(document => document.Key).ToDictionary(document => document.Key);
        foreach (var group in steps.GroupBy(step => step.Key.Namespace, StringComparer.Ordinal))
        {
            var after = new NamespaceChecks(group.Key, state, [.. group], byKey, faults);
            after.RequireDistinctModelIds();
            after.RequireOwnEntries();
            after.RequirePolicyNames();
            after.RequireLicences();
            after.RequireProvidersToAgreeWithModels();
            after.RequireDistinctProviderNames();
            after.RequireSecrets();
            after.RequireTargets();
            after.RequireAllowed();
            after.RequireTeams();
        }

        new DeploymentChecks(state, steps, byKey, faults).Check();
        RequireDistinctTokens(state, steps, byKey, faults);
    }

    /// <summary>A token finds its key in the whole installation, so no two keys share one; another namespace's key is not named.</summary>
    private static void RequireDistinctTokens(CatalogueState state, IReadOnlyList<PlannedStep> steps, Dictionary<ResourceKey, DeclaredResource> documents, PlanFaults faults)
    {
        var planned = steps.Select(step => step.Key).ToHashSet();
        var taken = new Dictionary<string, ResourceKey>(StringComparer.Ordinal);
        var stored = new Lazy<ILookup<string?, ResourceKey>>(() => state.All
            .Where(resource => resource.Spec is AccessKeySpec && !planned.Contains(resource.Key))
            .ToLookup(resource => ((AccessKeySpec)resource.Spec).Sha256, resource => resource.Key));
        foreach (var step in steps)
        {
            if (step.After?.Spec is not AccessKeySpec { Sha256: { } sha256 } || (step.Before?.Spec as AccessKeySpec)?.Sha256 == sha256)
            {
                continue;
            }

            var holder = stored.Value[sha256].FirstOrDefault() ?? taken.GetValueOrDefault(sha256);
            taken.TryAdd(sha256, step.Key);
            if (holder is not null && documents.TryGetValue(step.Key, out var document))
            {
                faults.Add(document, "spec.sha256", null, holder.Namespace == step.Key.Namespace
                    ? $"the SHA-256 of a token that no other key has; {holder} has it"
                    : "the SHA-256 of a token that no other key has");
            }
        }
    }
}
