using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>What deployments stand upon: GPU classes of the installation, Secrets and own models of their namespace.</summary>
internal sealed class DeploymentChecks(CatalogueState state, IReadOnlyList<PlannedStep> steps, IReadOnlyDictionary<ResourceKey, DeclaredResource> documents, PlanFaults faults)
{
    private const int MostNamed = 5;

    private readonly Lazy<IReadOnlyList<StoredResource>> _deployments = new(() =>
    {
        var planned = steps.Select(step => step.Key).ToHashSet();
        return [.. state.All.Where(resource => !planned.Contains(resource.Key)).Concat(steps.Select(step => step.After).OfType<StoredResource>())
            .Where(resource => resource is { Spec: ModelDeploymentSpec, IsGoing: false })
            .OrderBy(resource => resource.Metadata.Namespace, StringComparer.Ordinal).ThenBy(resource => resource.Metadata.Name, StringComparer.Ordinal)];
    });

    public void Check()
    {
        foreach (var step in steps)
        {
            if (step is { After: { IsGoing: false, Spec: GpuClassSpec spec } changed } && changed.Metadata.Generation != step.Before?.Metadata.Generation)
            {
                RequireUse(changed, spec);
            }
            else if (step is { Before: { IsGoing: false, Spec: GpuClassSpec or SealedSecretSpec or ModelSpec { IsEntry: true } } before, After: null or { IsGoing: true } })
            {
                KeepWhatIsUsed(before);
            }
            else if (step is { Before.Spec: SealedSecretSpec old, After: { Spec: SealedSecretSpec now } secret })
            {
                KeepKeys(secret, old, now);
            }
        }
    }

    /// <summary>A class that no deployment can name, or that nothing can be reckoned with, would be taken for one.</summary>
    private void RequireUse(StoredResource resource, GpuClassSpec spec)
    {
        if (resource.Metadata.Namespace != ResourceMetadata.DefaultNamespace)
        {
            Add(
                resource, "metadata.namespace", resource.Metadata.Namespace, $"{ResourceMetadata.DefaultNamespace}: what GPUs there are is the installation's, and no class of another namespace is read",
                $"An administrator of '{ResourceMetadata.DefaultNamespace}' declares it; deployments of every namespace name it in gpu.type.");
        }

        var name = spec.Gpu ?? resource.Metadata.Name;
        if (spec.Memory is null && !Hardware.Gpus.ContainsKey(name))
        {
            Add(
                resource, "spec.gpu", spec.Gpu, spec.Gpu is null ? $"the id of a known GPU, since '{name}' is none's, or spec.memory" : "the id of a known GPU, or spec.memory beside it",
                Spelling.Remedy(name, Hardware.Gpus.Keys) ?? "GET /gpus lists those that are known; of another one say spec.memory, such as 80GB.");
        }
    }

    private void KeepWhatIsUsed(StoredResource leaving)
    {
        var users = _deployments.Value.Where(deployment => Uses((ModelDeploymentSpec)deployment.Spec, deployment.Metadata.Namespace, leaving)).ToList();
        if (users.Count > 0)
        {
            var named = string.Join(", ", users.Take(MostNamed).Select(user => user.Metadata.Namespace == leaving.Metadata.Namespace ? user.Key.ToString() : $"{user.Key} of namespace '{user.Metadata.Namespace}'"));
            var others = users.Count > MostNamed ? $" and {users.Count - MostNamed} more" : "";
            faults.AddConflict($"{leaving.Key} is used by {named}{others}: delete or change {(users.Count > 1 ? "those" : "that")} first.");
        }
    }

    private static bool Uses(ModelDeploymentSpec deployment, string @namespace, StoredResource resource) => resource.Spec switch
    {
        GpuClassSpec => resource.Metadata.Namespace == ResourceMetadata.DefaultNamespace && deployment.Gpu?.Type == resource.Metadata.Name,
        SealedSecretSpec => @namespace == resource.Metadata.Namespace && deployment.Secrets?.Values.Any(reference => reference.Name == resource.Metadata.Name) == true,
        ModelSpec model => @namespace == resource.Metadata.Namespace && deployment.Model is { } named && (named == model.Id || model.Aliases?.Contains(named) == true),
        _ => false,
    };

    private void KeepKeys(StoredResource secret, SealedSecretSpec before, SealedSecretSpec now)
    {
        foreach (var key in before.Data.Keys.Where(key => !now.Data.ContainsKey(key)))
        {
            var user = _deployments.Value.FirstOrDefault(deployment => deployment.Metadata.Namespace == secret.Metadata.Namespace
                && ((ModelDeploymentSpec)deployment.Spec).Secrets?.Values.Any(reference => reference.Name == secret.Metadata.Name && reference.Key == key) == true);
            if (user is not null)
            {
                Add(secret, "spec.data", null, $"the key '{key}', which {user.Key} uses", "Keep the key, or change the deployment in the same request.");
            }
        }
    }

    private void Add(StoredResource resource, string path, string? value, string expectation, string remedy)
    {
        if (documents.TryGetValue(resource.Key, out var document))
        {
            faults.Add(document, path, value, expectation, remedy);
        }
    }
}
