using System.Text.Json;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>A namespace as it is after a plan, and what must hold in it.</summary>
internal sealed class NamespaceChecks
{
    /// <summary>What a Model says of a built-in entry; gateways tell the context window.</summary>
    private static readonly string[] Governing = ["id", "modelType", "aliases", "strategy", "limits", "contextWindow"];

    private const int MostSuggestions = 200;

    private readonly string _name;
    private readonly Dictionary<ResourceKey, DeclaredResource> _documents;
    private readonly PlanFaults _faults;
    private readonly HashSet<string> _deleted;
    private readonly HashSet<string> _deletedTeams;
    private readonly HashSet<string> _teams;
    private readonly List<StoredResource> _teamKeys;
    private readonly List<StoredResource> _models;
    private readonly List<StoredResource> _providers;
    private readonly List<StoredResource> _routes;
    private readonly List<StoredResource> _policies;
    private readonly List<StoredResource> _imagePolicies;
    private readonly List<StoredResource> _acceptances;
    private readonly HashSet<ResourceKey> _changed;
    private int _suggestions;
    private readonly Dictionary<string, StoredResource> _secrets;

    public NamespaceChecks(string name, CatalogueState state, IReadOnlyList<PlannedStep> steps, Dictionary<ResourceKey, DeclaredResource> documents, PlanFaults faults)
    {
        (_name, _documents, _faults) = (name, documents, faults);
        var resources = state.Namespace(name).ToDictionary();
        foreach (var step in steps)
        {
            resources.Remove(step.Key);
            if (step.After is { IsGoing: false } after)
            {
                resources.Add(step.Key, after);
            }
        }

        // What stands as it stood is not held against rules that are younger than it.
        _changed = [.. steps.Where(step => step.After is { } after && after.Metadata.Generation != step.Before?.Metadata.Generation).Select(step => step.Key)];
        _deleted = [.. steps.Where(step => step.Action == ApplyActions.Deleted && step.Key.Kind == ResourceKind.Secret).Select(step => step.Key.Name)];
        _deletedTeams = [.. steps.Where(step => step.Action == ApplyActions.Deleted && step.Key.Kind == ResourceKind.Team).Select(step => step.Key.Name)];
        var ordered = resources.Values.OrderBy(resource => resource.Metadata.Name, StringComparer.Ordinal).ToList();
        _models = [.. ordered.Where(resource => resource.Spec is ModelSpec)];
        _providers = [.. ordered.Where(resource => resource.Spec is ModelProviderSpec)];
        _routes = [.. ordered.Where(resource => resource.Spec is RouteSpec)];
        _policies = [.. ordered.Where(resource => resource.Spec is LicencePolicySpec)];
        _imagePolicies = [.. ordered.Where(resource => resource.Spec is ImagePolicySpec)];
        _acceptances = [.. ordered.Where(resource => resource.Spec is LicenceAcceptanceSpec)];
        _teams = [.. ordered.Where(resource => resource.Spec is TeamSpec).Select(resource => resource.Metadata.Name)];
        _teamKeys = [.. ordered.Where(resource => resource.Spec is AccessKeySpec { Team: not null })];
        _secrets = ordered.Where(resource => resource.Spec is SealedSecretSpec).ToDictionary(resource => resource.Metadata.Name);
    }

    public void RequireDistinctModelIds()
    {
        foreach (var group in _models.SelectMany(Names).GroupBy(entry => entry.Id, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            foreach (var entry in group)
            {
                var other = group.First(candidate => candidate != entry).Model;
                Add(entry.Model, entry.Path, group.Key, other == entry.Model
                    ? "an id or alias that this Model names once"
                    : $"an id or alias that no other Model of namespace '{_name}' has; {other.Key} has it");
            }
        }
    }

    /// <summary>Built-in entries are read-only: a Model with the id of one says how it is governed here, and nothing of what it is.</summary>
    public void RequireOwnEntries()
    {
        foreach (var model in _models)
        {
            var spec = (ModelSpec)model.Spec;
            RequireFreeNames(model, spec);
            if (BuiltInEntries.Find(spec.Id) is not { } builtIn)
            {
                continue;
            }

            if (spec.IsEntry)
            {
                Add(
                    model, "spec.id", spec.Id, "an id that no entry has which comes with the Catalogue",
                    "Give your model another id; to govern the built-in one (aliases, limits, strategy) leave out what says how it is served: engine, repo, dockerfile, ….");
            }
            else if (spec.ModelType != builtIn.Spec.ModelType)
            {
                Add(model, "spec.modelType", spec.ModelType, $"{builtIn.Spec.ModelType}, as the Catalogue's entry '{spec.Id}' says");
            }
            else if (_changed.Contains(model.Key))
            {
                RequireNoFacts(model, spec);
                if (spec.ContextWindow > builtIn.Spec.ContextWindow)
                {
                    Add(model, "spec.contextWindow", $"{spec.ContextWindow}", $"at most what the Catalogue's entry '{spec.Id}' has, {builtIn.Spec.ContextWindow}");
                }
            }
        }
    }

    /// <summary>Nobody takes a name of an entry that comes with the service: what is asked of that name (the licence above all) would be answered for another model.</summary>
    private void RequireFreeNames(StoredResource model, ModelSpec spec)
    {
        if (!_changed.Contains(model.Key))
        {
            return;
        }

        foreach (var (name, _, path) in Names(model))
        {
            if (BuiltInEntries.FindNamed(name) is { } taken && taken.Id != spec.Id)
            {
                Add(model, path, name, $"an id or alias that no entry has which comes with the Catalogue; '{taken.Id}' has it", "Choose another name.");
            }
        }
    }

    /// <summary>What would be read by nobody: the entry says it.</summary>
    private void RequireNoFacts(StoredResource model, ModelSpec spec)
    {
        foreach (var field in JsonSerializer.SerializeToElement(spec, ContractsJson.Default.ModelSpec).EnumerateObject().Select(property => property.Name).Except(Governing))
        {
            Add(
                model, $"spec.{field}", null, $"nothing: the Catalogue's entry '{spec.Id}' says what the model is",
                $"Leave it out, or give your model an id of its own; a built-in one is governed by {string.Join(", ", Governing)}.");
        }
    }

    /// <summary>A policy that holds nowhere would be taken for protection.</summary>
    public void RequirePolicyNames()
    {
        foreach (var (resource, name) in _policies.Select(policy => (policy, LicencePolicySpec.EffectiveName)).Concat(_imagePolicies.Select(policy => (policy, ImagePolicySpec.EffectiveName))))
        {
            if (_changed.Contains(resource.Key) && resource.Metadata.Name != name)
            {
                Add(resource, "metadata.name", resource.Metadata.Name, $"{name}: the one of that name holds in its namespace, and no other is read");
            }
        }
    }

    /// <summary>Rules and acceptances of licences that nothing has would be taken for protection.</summary>
    public void RequireLicences()
    {
        var names = new Lazy<HashSet<string>>(() => KnownLicences.All.Select(facts => facts.Id).Concat(_models.SelectMany(model => KnownLicences.Of((ModelSpec)model.Spec))).ToHashSet(StringComparer.OrdinalIgnoreCase));
        foreach (var policy in _policies.Where(policy => _changed.Contains(policy.Key)))
        {
            var rules = ((LicencePolicySpec)policy.Spec).Rules ?? [];
            for (var i = 0; i < rules.Count; i++)
            {
                for (var j = 0; j < rules[i].Licences?.Count; j++)
                {
                    RequireLicence(policy, $"spec.rules[{i}].licences[{j}]", rules[i].Licences![j], names.Value);
                }
            }
        }

        foreach (var acceptance in _acceptances.Where(acceptance => _changed.Contains(acceptance.Key)))
        {
            RequireEffect(acceptance, (LicenceAcceptanceSpec)acceptance.Spec, names.Value);
        }
    }

    private void RequireEffect(StoredResource acceptance, LicenceAcceptanceSpec spec, HashSet<string> licences)
    {
        if (spec.Licence is { } licence)
        {
            RequireLicence(acceptance, "spec.licence", licence, licences);
            if (spec.Text is { } text && KnownLicences.Find(licence) is { } facts && text != facts.Link)
            {
                Add(acceptance, "spec.text", text, $"the link of the licence's text as it is known now, {facts.Link}", "Read that one; an acceptance of another text opens nothing.");
            }
        }
        else if (spec.RemoteCode is { } repo && !ModelSpec.IsRepo(repo) && !IsFolder(repo) && !_models.Exists(model => ((ModelSpec)model.Spec).Id == repo))
        {
            Add(acceptance, "spec.remoteCode", repo, $"a repository as owner/name, a folder of the cache as /models/FOLDER, or the id of a Model of namespace '{_name}' that has no repo");
        }
    }

    /// <summary>Where a deployment's weights may be from instead of the hub, code and all.</summary>
    private static bool IsFolder(string name) => name.StartsWith("/models/", StringComparison.Ordinal) && !name.Split('/').Skip(2).Any(part => part is "" or "." or "..");

    private void RequireLicence(StoredResource resource, string path, string name, HashSet<string> names)
    {
        if (!names.Contains(name))
        {
            // A name costs a look at all others: who has so many wrong ones mends the first first.
            Add(
                resource, path, name, $"a licence that the Catalogue knows or a Model of namespace '{_name}' has",
                (_suggestions++ < MostSuggestions ? Spelling.Remedy(name, names) : null) ?? "GET /licences lists those that are known; of your own, apply the Model first, or in the same request.");
        }
    }

    public void RequireProvidersToAgreeWithModels()
    {
        var names = _models.SelectMany(Names).DistinctBy(entry => entry.Id).ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        foreach (var provider in _providers)
        {
            var models = ((ModelProviderSpec)provider.Spec).Models ?? [];
            for (var i = 0; i < models.Count; i++)
            {
                if (names.TryGetValue(models[i].Id, out var entry))
                {
                    RequireAgreement(provider, i, models[i], entry.Model, entry.Path);
                }
            }
        }
    }

    public void RequireSecrets()
    {
        foreach (var provider in _providers)
        {
            foreach (var (path, reference) in SecretReferences.Of((ModelProviderSpec)provider.Spec))
            {
                RequireSecret(provider, path, reference);
            }
        }
    }

    /// <summary>A provider's alias is nobody else's name: <c>alias/model</c> must mean one provider.</summary>
    public void RequireDistinctProviderNames()
    {
        var names = _providers.Select(provider => (Name: provider.Metadata.Name, Provider: provider, Path: "metadata.name"))
            .Concat(_providers.SelectMany(provider => (((ModelProviderSpec)provider.Spec).Aliases ?? []).Select((alias, i) => (Name: alias, Provider: provider, Path: $"spec.aliases[{i}]"))));
        foreach (var group in names.GroupBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var isTaken = group.DistinctBy(entry => entry.Provider.Key).Count() > 1;
            foreach (var entry in group.Where(entry => isTaken || (entry.Path != "metadata.name" && group.Count() > 1)))
            {
                var other = group.First(candidate => candidate != entry).Provider;
                Add(entry.Provider, entry.Path, group.Key, other == entry.Provider
                    ? "another name than the provider's own"
                    : $"a name that no other ModelProvider of namespace '{_name}' has as its name or alias; {other.Key} has it");
            }
        }
    }

    /// <summary>Where a route leads there is a model. One that loses its target takes the change with it: requests would end nowhere.</summary>
    public void RequireTargets()
    {
        if (_routes.Count == 0)
        {
            return;
        }

        var names = RouteNames.Of(_models, _providers);
        foreach (var route in _routes)
        {
            foreach (var (path, name, isFallback) in RouteNames.In((RouteSpec)route.Spec))
            {
                if (names.Has(name, isFallback))
                {
                    continue;
                }

                var expectation = isFallback ? "a model's id or alias, provider/model, or a provider" : "a model's id or alias, or provider/model";
                if (!Add(route, path, name, $"{expectation} of namespace '{_name}'", Spelling.Remedy(name, names.All(isFallback)) ?? "Apply the model or the provider first, or in the same request."))
                {
                    _faults.AddConflict($"'{name}' is used by {route.Key} ({path}): delete or change that first.");
                }
            }
        }
    }

    /// <summary>What a route allows is there when it is applied: a slip of the pen would allow nobody. Later it may go, since a list of the allowed leads nowhere.</summary>
    public void RequireAllowed()
    {
        var declared = _routes.Where(route => _documents.ContainsKey(route.Key) && route.Spec is RouteSpec { AllowedProviders: not null } or RouteSpec { AllowedModels: not null }).ToList();
        if (declared.Count == 0)
        {
            return;
        }

        var names = RouteNames.Of(_models, _providers);
        foreach (var route in declared)
        {
            var spec = (RouteSpec)route.Spec;
            for (var i = 0; i < spec.AllowedProviders?.Count; i++)
            {
                Require(names.HasProvider(spec.AllowedProviders[i]), route, $"spec.allowedProviders[{i}]", spec.AllowedProviders[i], "the name or an alias of a ModelProvider", names.Providers);
            }

            for (var i = 0; i < spec.AllowedModels?.Count; i++)
            {
                Require(names.Has(spec.AllowedModels[i], isFallback: false), route, $"spec.allowedModels[{i}]", spec.AllowedModels[i], "a model's id or alias, or provider/model", names.All(isFallback: false));
            }
        }

        void Require(bool isThere, StoredResource route, string path, string name, string expectation, IEnumerable<string> known)
        {
            if (!isThere)
            {
                Add(route, path, name, $"{expectation} of namespace '{_name}'", Spelling.Remedy(name, known) ?? "Apply it first, or in the same request.");
            }
        }
    }

    public void RequireTeams()
    {
        var users = new Dictionary<string, List<ResourceKey>>(StringComparer.Ordinal);
        foreach (var key in _teamKeys)
        {
            var team = ((AccessKeySpec)key.Spec).Team!;
            if (!_teams.Contains(team)
                && !Add(key, "spec.team", team, $"a Team of namespace '{_name}'", Spelling.Remedy(team, _teams) ?? "Apply the Team first, or in the same request.")
                && _deletedTeams.Contains(team))
            {
                users.TryAdd(team, []);
                users[team].Add(key.Key);
            }
        }

        foreach (var (team, keys) in users)
        {
            var others = keys.Count > 1 ? $" and {keys.Count - 1} more" : "";
            _faults.AddConflict($"Team '{team}' is named by {keys[0]}{others}: delete or change {(keys.Count > 1 ? "those" : "that")} first.");
        }
    }

    private void RequireSecret(StoredResource provider, string path, SecretKeyReference reference)
    {
        var secret = _secrets.GetValueOrDefault(reference.Name);
        if (secret is null)
        {
            if (!Add(provider, $"{path}.name", reference.Name, $"a Secret of namespace '{_name}'", Spelling.Remedy(reference.Name, _secrets.Keys) ?? "Apply the Secret first, or in the same request.")
                && _deleted.Contains(reference.Name))
            {
                _faults.AddConflict($"Secret '{reference.Name}' is used by {provider.Key}: delete or change that first.");
            }
        }
        else if (!((SealedSecretSpec)secret.Spec).Data.ContainsKey(reference.Key)
            && !Add(provider, $"{path}.key", reference.Key, $"a key of {secret.Key}: {string.Join(", ", ((SealedSecretSpec)secret.Spec).Data.Keys)}"))
        {
            Add(secret, "spec.data", null, $"the key '{reference.Key}', which {provider.Key} uses", "Keep the key, or change the provider in the same request.");
        }
    }

    private void RequireAgreement(StoredResource provider, int index, ProvidedModel provided, StoredResource model, string path)
    {
        var spec = (ModelSpec)model.Spec;
        if (path != "spec.id")
        {
            if (!Add(provider, $"spec.models[{index}].id", provided.Id, $"a model's id; this is an alias of {model.Key}, whose id is '{spec.Id}'"))
            {
                Add(model, path, provided.Id, $"an alias that is no model's id; {provider.Key} serves a model of this id");
            }
        }
        else if (provided.ModelType is not null && provided.ModelType != spec.ModelType
            && !Add(provider, $"spec.models[{index}].modelType", provided.ModelType, $"{spec.ModelType}, as {model.Key} says, or nothing"))
        {
            Add(model, "spec.modelType", spec.ModelType, $"{provided.ModelType}, as {provider.Key} says of the same id");
        }
    }

    private static IEnumerable<(string Id, StoredResource Model, string Path)> Names(StoredResource model)
    {
        var spec = (ModelSpec)model.Spec;
        return (spec.Aliases ?? []).Select((alias, i) => (alias, model, $"spec.aliases[{i}]")).Prepend((spec.Id, model, "spec.id"));
    }

    /// <returns>Whether the request declares <paramref name="resource"/> and so can be blamed.</returns>
    private bool Add(StoredResource resource, string path, string? value, string expectation, string? remedy = null)
    {
        if (!_documents.TryGetValue(resource.Key, out var document))
        {
            return false;
        }

        _faults.Add(document, path, value, expectation, remedy);
        return true;
    }
}
