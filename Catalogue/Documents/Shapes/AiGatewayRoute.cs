using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>What an AI gateway's configuration says of all requests becomes a Route without a target: who is tried, and who may be.</summary>
internal static class AiGatewayRoute
{
    private const string DefaultName = "ai-gateway";

    /// <summary>After those that were declared as routes: what it allows holds for their requests too, what it selects for the others.</summary>
    private const int Order = 1_000;

    public static void Read(PastedDocument document, AiGatewayConfig config, string path, string? name)
    {
        var strategy = config.ModelSelection?.Strategy;
        var (providers, models) = (config.OnlyAllowConfiguredProviders is true, config.OnlyAllowConfiguredModels is true);
        if (!PastedDocument.SaysSomething(strategy) && !providers && !models)
        {
            return;
        }

        var named = PastedNames.Of(name ?? "") is { Length: > 0 } own ? own : DefaultName;
        var draft = document.Add(ResourceKind.Route, named, path, path);
        draft.Put(document.At(path), Order, "spec", "order");
        if (PastedDocument.SaysSomething(strategy))
        {
            PutSelection(document, draft, config, strategy!.Value, PathMap.Join(path, "model_selection.strategy"));
        }

        if (providers)
        {
            PutProviders(document, draft, config.Providers ?? [], path);
        }

        if (models)
        {
            PutModels(document, draft, config.Providers ?? [], path);
        }
    }

    private static void PutProviders(PastedDocument document, ResourceDraft draft, IReadOnlyList<AiGatewayProvider> providers, string path)
    {
        for (var i = 0; i < providers.Count; i++)
        {
            draft.Put(document.At($"{PathMap.Join(path, "providers")}[{i}].id"), PastedNames.Of(providers[i].Id), "spec", "allowedProviders", i);
        }

        document.Note(PathMap.Join(path, "only_allow_configured_providers"), "Requests of this namespace are answered by these providers and by no other that it declares: allowedProviders of the Route.");
    }

    private static void PutSelection(PastedDocument document, ResourceDraft draft, AiGatewayConfig config, JsonElement strategy, string path)
    {
        JsonElement[] expressions = strategy.ValueKind == JsonValueKind.Array ? [.. strategy.EnumerateArray()] : [strategy];
        for (var i = 0; i < expressions.Length; i++)
        {
            var at = strategy.ValueKind == JsonValueKind.Array ? $"{path}[{i}]" : path;
            if (expressions[i].ValueKind == JsonValueKind.String)
            {
                RequireNames(document, config, expressions[i].GetString()!, at);
            }

            draft.Put(document.At(at), expressions[i], "spec", "selection", i);
        }
    }

    /// <summary>An id that cannot be a resource's name is another one here, and an expression that compares with it would choose nobody.</summary>
    private static void RequireNames(PastedDocument document, AiGatewayConfig config, string expression, string path)
    {
        foreach (var id in (config.Providers ?? []).Select(provider => provider.Id))
        {
            var name = PastedNames.Of(id);
            if (name != id && (expression.Contains($"'{id}'", StringComparison.Ordinal) || expression.Contains($"\"{id}\"", StringComparison.Ordinal)))
            {
                document.Refuse(path, expression, $"'{name}' in place of '{id}': that is the provider's name here", "m.provider_id is the name of the ModelProvider.");
            }
        }
    }

    private static void PutModels(PastedDocument document, ResourceDraft draft, IReadOnlyList<AiGatewayProvider> providers, string path)
    {
        var (place, field) = (0, PathMap.Join(path, "only_allow_configured_models"));
        for (var i = 0; i < providers.Count; i++)
        {
            var listed = providers[i].Models ?? [];
            for (var j = 0; j < listed.Count; j++)
            {
                if (listed[j].Disabled is true)
                {
                    continue;
                }

                foreach (var id in (listed[j].IdAliases ?? []).Prepend(listed[j].Id).Distinct(StringComparer.Ordinal))
                {
                    draft.Put(document.At($"{PathMap.Join(path, "providers")}[{i}].models[{j}].id"), $"{PastedNames.Of(providers[i].Id)}/{id}", "spec", "allowedModels", place++);
                }
            }
        }

        if (place == 0)
        {
            document.Refuse(field, "true", "at least one model that is not disabled");
            return;
        }

        document.Note(field, "Requests of this namespace are for these models and for no other that it declares: allowedModels of the Route.");
    }
}
