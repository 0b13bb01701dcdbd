using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>An AI gateway's configuration: each of its providers becomes a ModelProvider.</summary>
internal static class AiGatewayShape
{
    /// <summary>The priority that a provider has where none is said; the others follow in the list's order.</summary>
    private const int FirstPriority = 100;

    /// <param name="name">What its policy calls it.</param>
    public static void Read(PastedDocument document, MappingNode node, string path, string? name = null)
    {
        if (document.Read(ModelLists.Spelled(node), PastedJson.Default.AiGatewayConfig, path) is not { } config)
        {
            return;
        }

        RefuseUnsupported(document, config, path);
        var providers = config.Providers ?? [];
        if (providers.Count == 0)
        {
            document.Refuse(Join(path, "providers"), null, "at least one provider", "Only declared providers can be called here.");
        }

        for (var i = 0; i < providers.Count; i++)
        {
            ReadProvider(document, config, providers[i], path, $"{Join(path, "providers")}[{i}]", providers.Count > 1 ? FirstPriority + i : null);
        }

        AiGatewayRoute.Read(document, config, path, name);
    }

    private static void ReadProvider(PastedDocument document, AiGatewayConfig config, AiGatewayProvider provider, string configPath, string path, int? priority)
    {
        var draft = new ProviderDraft(document, provider.Id, path, path + ".id");
        var vendor = KnownVendors.Find(provider.Id.ToLowerInvariant());
        draft.Put(path + ".id", vendor?.Names[0] ?? "custom", "spec", "provider");
        PutEngine(document, draft, provider, vendor, path);
        draft.PutAddress(path + ".base_url", provider.BaseUrl, "spec", "endpoint");
        if (provider.BaseUrl is null && vendor?.Url is null)
        {
            document.Refuse(
                path + ".base_url", null, $"required: '{provider.Id}' is no provider whose address is known",
                $"Those are {string.Join(", ", KnownVendors.All.Where(one => one.Url is not null).SelectMany(one => one.Names))}.");
        }

        draft.PutAliases(provider.Id, path + ".id", provider.IdAliases, path + ".id_aliases");
        PutKeys(document, draft, provider, vendor, path);
        PutHeaders(draft, config, provider, configPath, path);
        PutModels(document, draft, config, provider, vendor, path);
        draft.Put(path, priority, "spec", "priority");
        draft.Put(path + ".metadata", provider.Metadata, "spec", "metadata");
        draft.Put(Join(configPath, "per_request_timeout"), config.PerRequestTimeout, "spec", "timeouts", "perRequest");
        draft.Put(Join(configPath, "total_timeout"), config.TotalTimeout, "spec", "timeouts", "total");
        draft.Put(path + ".disabled", provider.Disabled is true ? true : null, "spec", "disabled");
        draft.PutAnnotation(path + ".display_name", "display-name", provider.DisplayName);
        draft.PutAnnotation(path + ".description", "description", provider.Description);
        draft.PutAnnotation(path + ".website", "website", provider.Website);
        draft.End(path + ".models");
    }

    private static void PutEngine(PastedDocument document, ProviderDraft draft, AiGatewayProvider provider, KnownVendor? vendor, string path)
    {
        var surfaces = provider.SupportedApiSurfaces ?? [];
        for (var i = 0; i < surfaces.Count; i++)
        {
            if (surfaces[i].Format is not ("openai" or "anthropic"))
            {
                document.Refuse($"{path}.supported_api_surfaces[{i}].format", surfaces[i].Format, "one of openai, anthropic");
            }

            if (PastedDocument.SaysSomething(surfaces[i].SupportedParams))
            {
                document.Refuse(
                    $"{path}.supported_api_surfaces[{i}].supported_params", null, "nothing: parameters are not taken out of requests yet",
                    "Leave it out; what the server does not know reaches it as the client sent it.");
            }
        }

        var isAnthropic = surfaces.Count > 0 && surfaces.All(surface => surface.Format == "anthropic");
        var from = surfaces.Count > 0 ? path + ".supported_api_surfaces" : path + ".id";
        draft.Put(from, isAnthropic ? Engines.Anthropic : vendor is null ? Engines.OpenAi : null, "spec", "engine");
    }

    private static void PutKeys(PastedDocument document, ProviderDraft draft, AiGatewayProvider provider, KnownVendor? vendor, string path)
    {
        var keys = new List<(string Path, string Text)>();
        for (var i = 0; i < provider.ApiKeys?.Count; i++)
        {
            var (written, at) = (provider.ApiKeys[i], $"{path}.api_keys[{i}]");
            if (written.ValueKind == JsonValueKind.String)
            {
                keys.Add((at, written.GetString()!));
            }
            else if (written.ValueKind == JsonValueKind.Object && written.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.String)
            {
                keys.Add((at + ".value", value.GetString()!));
                foreach (var other in written.EnumerateObject().Where(property => property.Name != "value"))
                {
                    document.Refuse($"{at}.{other.Name}", null, "value alone");
                }
            }
            else
            {
                document.Refuse(at, null, "a key as a text, or {value: …} with the key or ${secrets.get('secret', 'key')}");
            }
        }

        draft.PutKeys(path + ".api_keys", keys);
        if (provider.ApiKeys is null or { Count: 0 } && vendor is not null && provider.BaseUrl is null)
        {
            document.Note(path, $"'{provider.Id}' has no key: requests go there without one. The keys that clients send are for this gateway and are never passed on.");
        }
    }

    private static void PutHeaders(ProviderDraft draft, AiGatewayConfig config, AiGatewayProvider provider, string configPath, string path)
    {
        var own = provider.Headers ?? new Dictionary<string, string>();
        foreach (var (name, value) in own)
        {
            draft.PutHeader($"{path}.headers.{name}", name, value);
        }

        foreach (var (name, value) in config.Headers ?? new Dictionary<string, string>())
        {
            if (!own.Keys.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                draft.PutHeader($"{Join(configPath, "headers")}.{name}", name, value);
            }
        }
    }

    private static void PutModels(PastedDocument document, ProviderDraft draft, AiGatewayConfig config, AiGatewayProvider provider, KnownVendor? vendor, string path)
    {
        var models = provider.Models ?? [];
        if (models.Count == 0)
        {
            PutBuiltIn(document, draft, config, provider, vendor, path);
        }

        for (var i = 0; i < models.Count; i++)
        {
            var (model, at) = (models[i], $"{path}.models[{i}]");
            if (PastedDocument.SaysSomething(model.UnsupportedParams))
            {
                document.Refuse(
                    at + ".unsupported_params", null, "nothing: parameters are not taken out of requests yet",
                    "Leave it out; what the server does not know reaches it as the client sent it.");
            }

            draft.PutModel(
                at, model.Id, model.IdAliases, at + ".id_aliases", model.Disabled is true,
                [
                    ("modelType", ModelLists.TypeOf(model.InputModalities, model.OutputModalities), at + (model.OutputModalities is null ? ".input_modalities" : ".output_modalities")),
                    ("contextWindow", model.MaxContextWindow, at + ".max_context_window"),
                    ("maxOutputTokens", model.MaxOutputTokens, at + ".max_output_tokens"),
                    ("metadata", model.Metadata, at + ".metadata"),
                ],
                About(model));
        }
    }

    private static void PutBuiltIn(PastedDocument document, ProviderDraft draft, AiGatewayConfig config, AiGatewayProvider provider, KnownVendor? vendor, string path)
    {
        var known = vendor is null || config.OnlyAllowConfiguredModels is true ? [] : BuiltInModels.Of(vendor);
        if (known.Count == 0)
        {
            document.Refuse(
                path + ".models", null, "at least one model",
                config.OnlyAllowConfiguredModels is true ? "only_allow_configured_models is true, so a provider without models could not be called." : $"Only declared models can be called here, and no list of those of '{provider.Id}' is built in.");
            return;
        }

        foreach (var model in known)
        {
            draft.PutModel(path + ".models", model.Id, null, path, isDisabled: false, [("modelType", model.ModelType, path), ("contextWindow", model.ContextWindow, path), ("maxOutputTokens", model.MaxOutputTokens, path)], []);
        }

        document.Note(path + ".models", $"No models are listed: those of '{vendor!.Names[0]}' that are built in as of {BuiltInModels.AsOf} are offered. List what you use where that is not enough.");
    }

    private static void RefuseUnsupported(PastedDocument document, AiGatewayConfig config, string path)
    {
        Refuse("max_input_tokens", config.MaxInputTokens is not null, "maxTokensPerRequest of a ModelProvider bounds prompt and answer together.");
        Refuse("max_output_tokens", config.MaxOutputTokens is not null, "maxTokensPerRequest of a ModelProvider bounds prompt and answer together.");
        Refuse("query_params", PastedDocument.SaysSomething(config.QueryParams), "Azure's API version is apiVersion of a ModelProvider; other servers take headers.");
        Refuse("body", PastedDocument.SaysSomething(config.Body), "Clients send these fields themselves; unknown ones pass untouched.");
        Refuse("on_error", config.OnError is not (null or "halt"), "Only 'halt' has a meaning here: there is no further action.");
        Refuse(
            "api_key_selection.strategy", PastedDocument.SaysSomething(config.ApiKeySelection?.Strategy) && !IsAllKeys(config.ApiKeySelection?.Strategy),
            "Expressions choose models, not keys: keys are used in turn, and one that the provider refuses or limits is set aside for a time.");
        NoteWhereFalse("only_allow_configured_providers", config.OnlyAllowConfiguredProviders, "providers");
        NoteWhereFalse("only_allow_configured_models", config.OnlyAllowConfiguredModels, "models");

        void Refuse(string field, bool isUsed, string remedy)
        {
            if (isUsed)
            {
                document.Refuse(Join(path, field), null, "nothing: it is not supported yet", remedy);
            }
        }

        void NoteWhereFalse(string field, bool? value, string what)
        {
            if (value is false)
            {
                document.Note(Join(path, field), $"Only declared {what} can be called here, whatever this says.");
            }
        }
    }

    private static bool IsAllKeys(JsonElement? strategy) =>
        strategy is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString() == "ai.keys");

    private static JsonObject About(AiGatewayModel model)
    {
        var about = new JsonObject();
        Add("author_id", model.AuthorId);
        Add("display_name", model.DisplayName);
        Add("description", model.Description);
        Add("supported_features", model.SupportedFeatures is { Count: > 0 } features ? new JsonArray([.. features.Select(feature => (JsonNode)feature)]) : null);
        return about;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                about[name] = value;
            }
        }
    }

    private static string Join(string path, string name) => PathMap.Join(path, name);
}
