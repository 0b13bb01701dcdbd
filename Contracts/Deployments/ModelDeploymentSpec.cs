using System.Text.Json;

namespace Orrery.Contracts;

/// <summary>Copies of a model's server that are to run, and where. What is not said follows from the model.</summary>
public sealed record ModelDeploymentSpec
{
    /// <summary>The id of a model of the catalogue, or of a Model of the namespace.</summary>
    public string? Model { get; init; }

    /// <summary>Or the model itself, as a Model would declare it; it is deployed here and nowhere else.</summary>
    public ModelSpec? Entry { get; init; }

    /// <summary>What serves it: the entry's engine where absent, or one of its <c>servers</c> (<c>sglang</c>, <c>tgi</c>, <c>trt-llm</c>).</summary>
    public string? Server { get; init; }

    /// <summary>The image that is run, by tag or digest: <c>registry.example.com/models/qwen3-8b@sha256:…</c>.</summary>
    public string? Image { get; init; }

    /// <summary>What starts in the image instead of its own entrypoint, whole: nothing that follows from the model is added.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Flags of the server, over the model's: name with dashes, and <c>true</c>, a number, a text, or a mapping for JSON. <c>false</c> takes one of the model's away, and turns off what the server does by itself.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Arguments { get; init; }

    public DeploymentGpu? Gpu { get; init; }

    /// <summary>Copies that serve at the same time. Default 1.</summary>
    public int? Replicas { get; init; }

    /// <summary>Where it runs. One of <see cref="DeploymentTargets.All"/>; what the Builder is set to where absent.</summary>
    public string? Target { get; init; }

    /// <summary>Tokens of prompt and answer in one request; as many as fit where absent.</summary>
    public int? Context { get; init; }

    /// <summary>What a replica asks of its node; reckoned from the model where absent.</summary>
    public ModelResources? Resources { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public IReadOnlyList<Toleration>? Tolerations { get; init; }

    public string? RuntimeClass { get; init; }

    /// <summary>Environment variables of the server. No secrets: those are named in <see cref="Secrets"/>.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Environment variables out of Secrets: <c>HF_TOKEN: { name: hub, key: token }</c>.</summary>
    public IReadOnlyDictionary<string, SecretKeyReference>? Secrets { get; init; }

    /// <summary>Texts that the server finds as files, by their whole paths in the container: <c>/etc/vllm/chat.jinja</c>. 32 at most, 512 KiB together; no secrets.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    /// <summary>Who can see what the server is sent. <c>internal</c> where absent.</summary>
    public string? TrustZone { get; init; }

    /// <summary>How a new version takes the old one's place.</summary>
    public RolloutSpec? Rollout { get; init; }

    public ProbeSpec? Probes { get; init; }

    /// <summary>Weights of one's own on the model's architecture: another repository, or a folder of the cache.</summary>
    public WeightsSource? Weights { get; init; }

    /// <summary>LoRA adapters that are served beside the model, each under its own id.</summary>
    public IReadOnlyList<AdapterSpec>? Adapters { get; init; }

    /// <summary>Where weights are kept between starts. One of <see cref="WeightCaches.All"/>; <c>shared_volume</c> where absent.</summary>
    public string? Cache { get; init; }

    public AutoscalingSpec? Autoscaling { get; init; }

    /// <summary>Nothing is changed while it is true, and nothing is healed; what runs goes on.</summary>
    public bool? Paused { get; init; }

    /// <summary>More serve nobody: a slip of the pen would order a fleet.</summary>
    public const int MostReplicas = 1_000;

    public const int MostGpus = 64;

    public int EffectiveReplicas => Replicas ?? Autoscaling?.MinReplicas ?? 1;

    public string EffectiveCache => Cache ?? WeightCaches.SharedVolume;

    /// <summary>The model's public id.</summary>
    public string ModelId => Model ?? Entry?.Id ?? "";

    public void Validate(FieldErrors errors)
    {
        if (Model is null == Entry is null)
        {
            errors.Add("spec.model", Model, "either model, the id of one of the catalogue, or entry, the model itself");
        }

        if (Model is not null)
        {
            ModelSpec.RequireModelId(errors, "spec.model", Model);
        }

        if (Entry is not null)
        {
            ValidateEntry(errors, Entry);
        }

        if (Server is not null)
        {
            errors.RequireOneOf("spec.server", Server, [.. ServingEngines.All, .. ServingEngines.Alternatives]);
        }

        if (Target is not null)
        {
            errors.RequireOneOf("spec.target", Target, DeploymentTargets.All);
        }

        if (Cache is not null)
        {
            errors.RequireOneOf("spec.cache", Cache, WeightCaches.All);
        }

        if (Replicas is < 0 or > MostReplicas)
        {
            errors.Add("spec.replicas", $"{Replicas}", $"0 to {MostReplicas}");
        }

        if (Context is < 1)
        {
            errors.Add("spec.context", $"{Context}", "a number of tokens above 0");
        }

        // It stands on the container tool's command line, where what begins with a dash is an option.
        if (Image is not null && (Image.Length is 0 or > 512 || !char.IsAsciiLetterOrDigit(Image[0]) || Image.Any(c => c is <= ' ' or >= '\x7f' or '"' or '\'') || Image.Contains("://", StringComparison.Ordinal)))
        {
            errors.Add("spec.image", Image, "an image's reference without a scheme, such as registry.example.com/models/qwen3-8b@sha256:…");
        }

        Gpu?.Validate(errors);
        Resources?.Validate(errors, "spec.resources");
        Placement.Validate(errors, "spec", NodeSelector, Tolerations, RuntimeClass);
        ValidateVariables(errors);
        if (Files is not null)
        {
            ContainerFiles.Validate(errors, "spec.files", Files);
        }

        Rollout?.Validate(errors);
        Probes?.Validate(errors);
        Weights?.Validate(errors, "spec.weights");
        ValidateAdapters(errors);
        Autoscaling?.Validate(errors);
    }

    private static void ValidateEntry(FieldErrors errors, ModelSpec entry)
    {
        var found = new FieldErrors();
        entry.Validate(found);
        foreach (var error in found.All)
        {
            errors.Add("spec.entry" + error.Path["spec".Length..], error.Value, error.Expectation, error.Remedy);
        }

        if (!entry.IsEntry)
        {
            errors.Add("spec.entry.engine", null, "required: one of " + string.Join(", ", ServingEngines.All));
        }
    }

    private void ValidateVariables(FieldErrors errors)
    {
        foreach (var (path, name) in (Environment?.Keys ?? []).Select(name => ("spec.environment", name)).Concat((Secrets?.Keys ?? []).Select(name => ("spec.secrets", name))))
        {
            if (name.Length is 0 or > 128 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                errors.Add(path, name, "names of letters, digits and underscores, not beginning with a digit");
            }
            else if (path == "spec.secrets" && Environment?.ContainsKey(name) == true)
            {
                errors.Add($"{path}.{name}", null, "a variable that environment does not set too");
            }
        }

        foreach (var (name, reference) in Secrets ?? new Dictionary<string, SecretKeyReference>())
        {
            errors.RequireName($"spec.secrets.{name}.name", reference.Name);
        }
    }

    private void ValidateAdapters(FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { ModelId };
        for (var i = 0; i < Adapters?.Count; i++)
        {
            var path = $"spec.adapters[{i}]";
            ModelSpec.RequireModelId(errors, path + ".id", Adapters[i].Id);
            if (!seen.Add(Adapters[i].Id))
            {
                errors.Add(path + ".id", Adapters[i].Id, "an id that neither the model nor another adapter has");
            }

            Adapters[i].Source.Validate(errors, path);
        }
    }
}
