using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A custom provider: <c>{name, type: "openai-compatible", base_url, api_key, models}</c>.</summary>
internal static class CustomProviderShape
{
    /// <summary>Where a credential goes with <c>auth_type: header</c> when no header is named.</summary>
    private const string DefaultHeader = "X-API-Key";

    /// <summary>Servers that speak OpenAI's API under other names.</summary>
    private static readonly string[] Compatible =
        ["openai-compatible", "openai_compatible", "custom", "huggingface-tgi", "llama.cpp", "lm-studio", "lmstudio", "localai", "ollama", "sglang", "tgi", "trt-llm"];

    public static void Read(PastedDocument document, DocumentNode node, string path)
    {
        if (document.Read(ModelLists.Spelled(node), PastedJson.Default.CustomProvider, path) is not { } provider)
        {
            return;
        }

        var draft = new ProviderDraft(document, provider.Name, path, In("name"));
        PutType(document, draft, provider, In("type"), In("name"));
        draft.PutAliases(provider.Name, In("name"), null, path);
        draft.PutAddress(In("base_url"), provider.BaseUrl, "spec", "endpoint");
        PutEndpoints(document, draft, provider, In("endpoints"));
        PutAuth(document, draft, provider, path);
        foreach (var (name, value) in provider.Headers ?? new Dictionary<string, string>())
        {
            draft.PutHeader($"{In("headers")}.{name}", name, value);
        }

        PutModels(draft, provider, In("models"));
        PutHealthCheck(draft, provider.HealthCheck, In("health_check"));
        PutLimits(draft, provider.RateLimits, In("rate_limits"));
        PutTimeout(document, draft, provider, path);
        draft.Put(In("priority"), provider.Priority, "spec", "priority");
        draft.Put(In("weight"), provider.Weight, "spec", "weight");
        draft.Put(In("enabled"), provider.Enabled is false ? true : null, "spec", "disabled");
        draft.PutAnnotation(In("display_name"), "display-name", provider.DisplayName);
        draft.PutAnnotation(In("description"), "description", provider.Description);
        draft.End(In("models"));

        string In(string field) => PathMap.Join(path, field);
    }

    private static void PutType(PastedDocument document, ProviderDraft draft, CustomProvider provider, string from, string named)
    {
        var type = provider.Type ?? Compatible[0];
        if (Compatible.Contains(type))
        {
            draft.Put(provider.Type is null ? named : from, "custom", "spec", "provider");
            draft.Put(provider.Type is null ? named : from, Engines.OpenAi, "spec", "engine");
        }
        else if (Engines.All.Contains(type) || KnownVendors.Find(type) is not null)
        {
            draft.Put(from, type, "spec", "provider");
        }
        else
        {
            document.Refuse(
                from, type, "one of " + string.Join(", ", Compatible.Concat(Engines.All).Concat(KnownVendors.All.Select(vendor => vendor.Names[0])).Distinct()),
                "A server that speaks OpenAI's API is 'openai-compatible', whoever made it.");
        }
    }

    private static void PutEndpoints(PastedDocument document, ProviderDraft draft, CustomProvider provider, string path)
    {
        for (var i = 0; i < provider.Endpoints?.Count; i++)
        {
            var (endpoint, at) = (provider.Endpoints[i], $"{path}[{i}]");
            if (endpoint.Url is null == endpoint.BaseUrl is null)
            {
                document.Refuse(at + ".url", null, "required: url or base_url, and not both");
            }

            draft.PutAddress(at + (endpoint.Url is null ? ".base_url" : ".url"), endpoint.Url ?? endpoint.BaseUrl, "spec", "endpoints", i, "url");
            draft.Put(at + ".weight", endpoint.Weight, "spec", "endpoints", i, "weight");
        }
    }

    private static void PutAuth(PastedDocument document, ProviderDraft draft, CustomProvider provider, string path)
    {
        var (type, from) = (provider.AuthType, PathMap.Join(path, "auth_type"));
        draft.Put(from, type, "spec", "auth", "type");
        draft.Put(PathMap.Join(path, "auth_header"), provider.AuthHeader ?? (type == AuthTypes.Header ? DefaultHeader : null), "spec", "auth", "header");
        var (user, secret) = (provider.Username, provider.Password);
        var keys = (provider.ApiKeys ?? []).Select((key, i) => (Path: $"{PathMap.Join(path, "api_keys")}[{i}]", Text: key)).ToList();
        if (provider.ApiKey is { } key)
        {
            keys.Insert(0, (PathMap.Join(path, "api_key"), key));
        }

        if (secret is not null)
        {
            keys.Add((PathMap.Join(path, "password"), secret));
        }

        if (type == AuthTypes.Basic && user is null && keys is [var pair] && pair.Text.IndexOf(':') is > 0 and var colon && !pair.Text.Contains("${", StringComparison.Ordinal))
        {
            (user, keys) = (pair.Text[..colon], [(pair.Path, pair.Text[(colon + 1)..])]);
        }

        if (user is not null && PastedText.Read(document, PathMap.Join(path, "username"), user, mayBeSecret: false) is { } name)
        {
            draft.Put(PathMap.Join(path, "username"), name.Value, "spec", "auth", "username");
        }

        draft.PutKeys(PathMap.Join(path, provider.ApiKey is not null ? "api_key" : provider.ApiKeys is not null ? "api_keys" : "password"), keys);
    }

    private static void PutModels(ProviderDraft draft, CustomProvider provider, string path)
    {
        for (var i = 0; i < provider.Models?.Count; i++)
        {
            var (model, at) = (provider.Models[i], $"{path}[{i}]");
            var about = new JsonObject();
            if (model.Name is not null)
            {
                about["name"] = model.Name;
            }

            draft.PutModel(
                at, model.Id, null, at, isDisabled: false,
                [
                    ("modelType", model.Type, at + ".type"),
                    ("contextWindow", model.ContextWindow, at + ".context_window"),
                    ("maxOutputTokens", model.MaxOutputTokens, at + ".max_output_tokens"),
                    ("costPer1kInput", model.CostPer1kInput, at + ".cost_per_1k_input"),
                    ("costPer1kOutput", model.CostPer1kOutput, at + ".cost_per_1k_output"),
                ],
                about);
        }
    }

    private static void PutHealthCheck(ProviderDraft draft, CustomHealthCheck? check, string path)
    {
        draft.Put(path + ".enabled", check?.Enabled, "spec", "healthCheck", "enabled");
        draft.Put(path + ".endpoint", check?.Endpoint, "spec", "healthCheck", "endpoint");
        draft.Put(path + ".interval_seconds", check?.IntervalSeconds, "spec", "healthCheck", "intervalSeconds");
        draft.Put(path + ".timeout_seconds", check?.TimeoutSeconds, "spec", "healthCheck", "timeoutSeconds");
        draft.Put(path + ".failure_threshold", check?.FailureThreshold, "spec", "healthCheck", "failureThreshold");
    }

    private static void PutLimits(ProviderDraft draft, CustomRateLimits? limits, string path)
    {
        PutWindows("requests", [("requests_per_second", limits?.RequestsPerSecond, "1s"), ("requests_per_minute", limits?.RequestsPerMinute, "1m"), ("requests_per_hour", limits?.RequestsPerHour, "1h"), ("requests_per_day", limits?.RequestsPerDay, "1d")]);
        PutWindows("tokens", [("tokens_per_minute", limits?.TokensPerMinute, "1m"), ("tokens_per_hour", limits?.TokensPerHour, "1h"), ("tokens_per_day", limits?.TokensPerDay, "1d")]);
        draft.Put(path + ".max_concurrent_requests", limits?.MaxConcurrentRequests, "spec", "limits", "concurrency");

        void PutWindows(string unit, IReadOnlyList<(string Field, long? Count, string Per)> windows)
        {
            var index = 0;
            foreach (var (field, count, per) in windows.Where(window => window.Count is not null))
            {
                draft.Put($"{path}.{field}", count, "spec", "limits", unit, index, "count");
                draft.Put($"{path}.{field}", per, "spec", "limits", unit, index++, "per");
            }
        }
    }

    /// <summary>Seconds as a number, or a duration.</summary>
    private static void PutTimeout(PastedDocument document, ProviderDraft draft, CustomProvider provider, string path)
    {
        var from = PathMap.Join(path, provider.TimeoutSeconds is null ? "timeout" : "timeout_seconds");
        double? seconds = provider.TimeoutSeconds;
        if (provider.Timeout is { } timeout)
        {
            if (timeout.ValueKind == JsonValueKind.String && Duration.TryParse(timeout.GetString(), out var duration))
            {
                seconds ??= duration.Value.TotalSeconds;
            }
            else if (timeout.ValueKind == JsonValueKind.Number)
            {
                seconds ??= timeout.GetDouble();
            }
            else
            {
                document.Refuse(PathMap.Join(path, "timeout"), timeout.ToString(), $"a number of seconds, or {Duration.Expectation}");
                return;
            }
        }

        if (seconds is < 0 or > 86_400)
        {
            document.Refuse(from, $"{seconds}", "0 to 86400 seconds");
        }
        else if (seconds is { } length)
        {
            draft.Put(from, new Duration(TimeSpan.FromSeconds(length)), "spec", "timeouts", "perRequest");
        }
    }
}
