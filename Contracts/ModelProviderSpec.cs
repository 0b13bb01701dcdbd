using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orrery.Contracts.Transforms;

namespace Orrery.Contracts;

/// <summary>Who serves which models, where, and how to talk to the server.</summary>
public sealed record ModelProviderSpec
{
    /// <summary>
    /// Who offers the models: <c>self_hosted</c>, <c>openai</c>, <c>custom</c>, … An engine's name here (<c>vllm</c>) means
    /// <c>self_hosted</c> with that engine.
    /// </summary>
    public required string Provider { get; init; }

    /// <summary>How to talk to the server. One of <see cref="Engines.All"/>; follows from <see cref="Provider"/> where absent.</summary>
    public string? Engine { get; init; }

    /// <summary>
    /// The server's base URL. Without a path <c>/v1</c> is meant, except with transforms; a trailing slash means nothing. May be absent for vendors whose address is known.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>Several servers of the same models, instead of <see cref="Endpoint"/>.</summary>
    public IReadOnlyList<ProviderEndpoint>? Endpoints { get; init; }

    /// <summary>The credential, sent as <see cref="Auth"/> says. Absent: none is sent.</summary>
    public SecretKeyReference? ApiKeySecretRef { get; init; }

    /// <summary>Several credentials, instead of <see cref="ApiKeySecretRef"/>: used in turn; one that the provider refuses or limits is set aside for a time.</summary>
    public IReadOnlyList<SecretKeyReference>? ApiKeySecretRefs { get; init; }

    /// <summary>How the credential is sent. Absent: as the engine expects it, which is <c>Authorization: Bearer</c> for most.</summary>
    public ProviderAuth? Auth { get; init; }

    /// <summary>Headers that every request to the provider carries.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Headers whose values are in Secrets.</summary>
    public IReadOnlyDictionary<string, SecretKeyReference>? SecretHeaders { get; init; }

    /// <summary>Other names of this provider: a model may be asked for as <c>alias/model</c> and <c>alias:model</c>. Unique in the namespace.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>With the engine <c>azure-openai</c>: the API's version (<c>2024-10-21</c>). Absent: the API below <c>/openai/v1</c>, which has none.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>The models served here.</summary>
    public IReadOnlyList<ProvidedModel>? Models { get; init; }

    /// <summary>What expressions of routes read as <c>m.metadata</c>, of all its models. Never sent on.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Metadata { get; init; }

    /// <summary>The truth about what may be called, where given: an id outside the list is not offered.</summary>
    public IReadOnlyList<string>? AllowedModels { get; init; }

    public IReadOnlyList<string>? DeniedModels { get; init; }

    /// <summary>The server is a simulator: answers carry <c>X-Orrery-Simulated: true</c> and usage rows say so.</summary>
    public bool Simulated { get; init; }

    public ProviderTimeouts? Timeouts { get; init; }

    /// <summary>Lower is asked first; among equals the name decides. Default 100.</summary>
    public int? Priority { get; init; }

    /// <summary>Its share where requests are dealt out by weight, relative to the other providers'. Default 1.</summary>
    public int? Weight { get; init; }

    /// <summary>How the servers are asked whether they live.</summary>
    public HealthCheckSpec? HealthCheck { get; init; }

    /// <summary>Which of the servers takes a request.</summary>
    public BalancingSpec? Balancing { get; init; }

    /// <summary>Paths of the servers, from their root, that keys with <see cref="AccessKeySpec.PassThrough"/> may call as they are: <c>/tokenize</c>.</summary>
    public IReadOnlyList<string>? PassThrough { get; init; }

    /// <summary>
    /// Whether the servers speak OpenAI's Responses API themselves, so that such requests go to them as they are; absent: OpenAI's own do, and for all others they are translated.
    /// </summary>
    public bool? NativeResponses { get; init; }

    /// <summary>How the servers are asked for videos; absent: as OpenAI's API is.</summary>
    public VideosSpec? Videos { get; init; }

    /// <summary>What may be asked of the provider, all models and callers together; an attempt that fails is given back.</summary>
    public Limits? Limits { get; init; }

    /// <summary>Tokens that all callers together may use from midnight to midnight UTC.</summary>
    public long? MaxTokensPerDay { get; init; }

    /// <summary>Tokens of prompt and answer together: a request that may need more is not sent here.</summary>
    public long? MaxTokensPerRequest { get; init; }

    /// <summary>What callers from outside may do with it; absent: the same as all.</summary>
    public ExternalAccess? ExternalAccess { get; init; }

    /// <summary>It stays declared and serves nothing. Default false.</summary>
    public bool? Disabled { get; init; }

    /// <summary>How the servers' certificates are verified.</summary>
    public ProviderTls? Tls { get; init; }

    /// <summary>The URL of a proxy that the servers are called through, or <c>none</c>. Absent: the gateway's, for servers outside.</summary>
    public string? Proxy { get; init; }

    /// <summary>With the engine <c>custom</c>: how its own API is spoken.</summary>
    public ProviderTransforms? Transforms { get; init; }

    public void Validate(FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(Provider))
        {
            errors.Add("spec.provider", Provider, "who offers the models: self_hosted, openai, custom or another vendor's name");
        }

        if (Engine is not null)
        {
            errors.RequireOneOf("spec.engine", Engine, Engines.All);
        }
        else if (EffectiveEngine is null)
        {
            errors.Add("spec.engine", null, "one of " + string.Join(", ", Engines.All), $"No engine follows from provider '{Provider}': name one.");
        }

        ValidateEndpoints(errors);
        ProviderCredentials.Validate(this, errors);
        ValidateModels(errors);
        Timeouts?.Validate(errors);
        if (Weight is < 0 or > 1_000_000)
        {
            errors.Add("spec.weight", $"{Weight}", "0 to 1000000");
        }

        Tls?.Validate(errors, EffectiveEndpoints);
        if (Proxy is not null and not ProxyAddress.None && ProxyAddress.Check(Proxy) is { } proxy)
        {
            errors.Add("spec.proxy", null, $"{ProxyAddress.None}, or {proxy}");
        }

        HealthCheck?.Validate(errors);
        Balancing?.Validate(errors);
        TransformRules.Validate(this, errors);
        if (NativeResponses == true && (EffectiveEngine is not (Engines.OpenAi or Engines.Vllm or Engines.AzureOpenAi) || ApiVersion is not null))
        {
            errors.Add("spec.nativeResponses", "true", $"true only with engine {Engines.OpenAi}, {Engines.Vllm} or {Engines.AzureOpenAi} without apiVersion", "Leave it out: the requests are translated.");
        }

        Videos?.Validate(errors);
        Limits?.Validate(errors, "spec.limits");
        ProviderBudgets.Validate(this, errors);
        for (var i = 0; i < PassThrough?.Count; i++)
        {
            if (PassThroughPaths.Check(PassThrough[i]) is { } expected)
            {
                errors.Add($"spec.passThrough[{i}]", PassThrough[i], expected);
            }
        }
    }

    /// <summary><see cref="Engine"/>, or what follows from <see cref="Provider"/>; <c>null</c> when nothing does.</summary>
    public string? EffectiveEngine => Engine ?? (Engines.All.Contains(Provider) ? Provider : KnownVendors.Find(Provider)?.Engine);

    /// <summary>Who offers the models once an engine's name in <see cref="Provider"/> has been read as "self-hosted".</summary>
    public string EffectiveProvider => Engines.SelfHosted.Contains(Provider) ? "self_hosted" : Provider;

    /// <summary>The servers, wherever they were written; the vendor's own where nothing was and its address is known.</summary>
    public IReadOnlyList<ProviderEndpoint> EffectiveEndpoints => Endpoints ?? ((Endpoint ?? VendorUrl) is { } url ? [new ProviderEndpoint { Url = url }] : []);

    /// <summary>The credentials, wherever they were written; the first is used first.</summary>
    public IReadOnlyList<SecretKeyReference> EffectiveApiKeySecretRefs => ApiKeySecretRefs ?? (ApiKeySecretRef is null ? [] : [ApiKeySecretRef]);

    /// <summary>How a credential is sent, one of <see cref="AuthTypes.All"/>.</summary>
    public string EffectiveAuthType => Auth?.Type ?? AuthTypes.Of(EffectiveEngine ?? Engines.OpenAi);

    /// <summary>The header that a credential is sent in; <c>null</c>: none is.</summary>
    public string? CredentialHeader => EffectiveAuthType switch
    {
        AuthTypes.None => null,
        AuthTypes.Header => Auth?.Header ?? AuthTypes.HeaderOf(EffectiveEngine ?? Engines.OpenAi),
        _ => "Authorization",
    };

    /// <summary>The address of a vendor that speaks <see cref="EffectiveEngine"/> there; <c>null</c>: not known.</summary>
    private string? VendorUrl => KnownVendors.Find(Provider) is { } vendor && vendor.Engine == EffectiveEngine ? vendor.Url : null;

    private void ValidateEndpoints(FieldErrors errors)
    {
        if (Endpoint is not null && Endpoints is not null)
        {
            errors.Add("spec.endpoint", Endpoint, "either endpoint or endpoints, and not both");
        }
        else if (Endpoint is null && Endpoints is null && VendorUrl is null)
        {
            errors.Add("spec.endpoint", null, "either endpoint or endpoints", $"Only vendors whose address is known need none: {KnownVendors.WithAddress}.");
        }

        if (Endpoint is not null)
        {
            errors.RequireHttpUrl("spec.endpoint", Endpoint);
        }

        for (var i = 0; i < Endpoints?.Count; i++)
        {
            errors.RequireHttpUrl($"spec.endpoints[{i}].url", Endpoints[i].Url);
            if (Endpoints[i].Weight < 0)
            {
                errors.Add($"spec.endpoints[{i}].weight", $"{Endpoints[i].Weight}", "0 or more");
            }
        }
    }

    private void ValidateModels(FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Models?.Count; i++)
        {
            var model = Models[i];
            ModelSpec.RequireModelId(errors, $"spec.models[{i}].id", model.Id);
            if (!seen.Add(model.Id))
            {
                errors.Add($"spec.models[{i}].id", model.Id, "an id that is listed once");
            }

            RequirePrice(errors, $"spec.models[{i}].costPer1kInput", model.CostPer1kInput);
            RequirePrice(errors, $"spec.models[{i}].costPer1kOutput", model.CostPer1kOutput);
            if (model.ModelType is not null)
            {
                errors.RequireOneOf($"spec.models[{i}].modelType", model.ModelType, ModelTypes.All);
            }

            if (model.MaxOutputTokens is < 1)
            {
                errors.Add($"spec.models[{i}].maxOutputTokens", $"{model.MaxOutputTokens}", "a number of tokens above 0");
            }
        }
    }

    private static void RequirePrice(FieldErrors errors, string path, double? price)
    {
        if (price is { } value && !(value is >= 0 and < 1e9))
        {
            errors.Add(path, value.ToString(CultureInfo.InvariantCulture), "a price of 0 or more");
        }
    }
}

/// <summary>One server of a provider.</summary>
public sealed record ProviderEndpoint
{
    public required string Url { get; init; }

    /// <summary>Its share of the requests, relative to its neighbours'. 0 takes it out. Default 1.</summary>
    /// <remarks>Set and not init: see <see cref="ContractsJson"/>. Treat it as init.</remarks>
    public int Weight { get; set; } = 1;
}

/// <summary>A model as one provider serves it.</summary>
public sealed record ProvidedModel
{
    /// <summary>The public id.</summary>
    public required string Id { get; init; }

    /// <summary>The id that the server itself knows; <see cref="Id"/> where absent.</summary>
    public string? UpstreamId { get; init; }

    /// <summary>What it does; taken from the Model of the same id where absent, and <c>chat</c> where there is none.</summary>
    public string? ModelType { get; init; }

    public int? ContextWindow { get; init; }

    /// <summary>Price of 1,000 prompt tokens here, in the operator's currency.</summary>
    [JsonPropertyName("costPer1kInput")]
    public double? CostPer1kInput { get; init; }

    /// <summary>Price of 1,000 answered tokens.</summary>
    [JsonPropertyName("costPer1kOutput")]
    public double? CostPer1kOutput { get; init; }

    /// <summary>Tokens of an answer, at most. Sent to servers that demand a limit where the client gives none.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>What expressions of routes read as <c>m.metadata</c>, over the provider's.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Metadata { get; init; }
}

/// <summary>One value in a Secret.</summary>
public sealed record SecretKeyReference(string Name, string Key);

/// <summary>How long to wait for a provider. Each is optional; the gateway's defaults apply.</summary>
public sealed record ProviderTimeouts
{
    /// <summary>Until the connection stands. Default 5s.</summary>
    public Duration? Connect { get; init; }

    /// <summary>From the request's last byte to the answer's first. Default 120s.</summary>
    public Duration? PerRequest { get; init; }

    /// <summary>Between two reads of a running answer. Default 60s.</summary>
    public Duration? Idle { get; init; }

    /// <summary>All attempts and the whole answer. Default 10m.</summary>
    public Duration? Total { get; init; }

    internal void Validate(FieldErrors errors)
    {
        Check(Connect, "connect");
        Check(PerRequest, "perRequest");
        Check(Idle, "idle");
        Check(Total, "total");

        void Check(Duration? value, string name)
        {
            if (value is { } duration && duration.Value <= TimeSpan.Zero)
            {
                errors.Add($"spec.timeouts.{name}", $"{duration}", "a duration above zero");
            }
        }
    }
}

/// <summary>How to talk to a model server.</summary>
public static class Engines
{
    public const string Vllm = "vllm";
    public const string Transformers = "transformers";
    public const string OpenAi = "openai";

    /// <summary>Anthropic's Messages API; requests and answers are translated.</summary>
    public const string Anthropic = "anthropic";

    /// <summary>Azure's OpenAI service: OpenAI's API at addresses, with a header and with errors of its own.</summary>
    public const string AzureOpenAi = "azure-openai";

    /// <summary>Google's Gemini API in its form that is compatible with OpenAI's.</summary>
    public const string Gemini = "gemini";

    /// <summary>Servers of our own for speech to text: OpenAI's <c>/v1/audio/transcriptions</c> and <c>/translations</c>.</summary>
    public const string Whisper = "whisper";

    /// <summary>Servers of our own for text to speech: OpenAI's <c>/v1/audio/speech</c>.</summary>
    public const string TtsEngine = "tts-engine";

    /// <summary>Servers that make videos and take <c>{prompt, duration, resolution, aspect_ratio, fps}</c> in JSON.</summary>
    public const string VideoEngine = "video-engine";

    /// <summary>A server with an API of its own, spoken by <see cref="ModelProviderSpec.Transforms"/>.</summary>
    public const string Custom = "custom";

    /// <summary>Servers that a team runs itself.</summary>
    public static readonly IReadOnlyList<string> SelfHosted = [Vllm, Transformers, Whisper, TtsEngine, VideoEngine];

    public static readonly IReadOnlyList<string> All =
        [Vllm, Transformers, Whisper, TtsEngine, VideoEngine, OpenAi, Anthropic, AzureOpenAi, Gemini, Custom];
}
