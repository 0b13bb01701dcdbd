using System.Globalization;
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

    /// <summary>What starts in the image instead of its own entrypoint, with the arguments that follow from the model behind it.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Flags of the server, over the model's: name with dashes, and <c>true</c>, a number, a text, or a mapping for JSON. <c>false</c> takes one away.</summary>
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

        if (Image is not null && (Image.Length > 512 || Image.Any(c => c is <= ' ' or >= '\x7f' or '"' or '\'') || Image.Contains("://", StringComparison.Ordinal)))
        {
            errors.Add("spec.image", Image, "an image's reference without a scheme, such as registry.example.com/models/qwen3-8b@sha256:…");
        }

        Gpu?.Validate(errors);
        Resources?.Validate(errors, "spec.resources");
        Placement.Validate(errors, "spec", NodeSelector, Tolerations, RuntimeClass);
        ValidateVariables(errors);
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

/// <summary>The GPUs of one replica.</summary>
public sealed record DeploymentGpu
{
    /// <summary>The name of a GpuClass; the cheapest that fits where absent.</summary>
    public string? Type { get; init; }

    /// <summary>How many a replica has; the fewest that fit where absent, 0: none.</summary>
    public int? Count { get; init; }

    internal void Validate(FieldErrors errors)
    {
        if (Type is not null)
        {
            errors.RequireName("spec.gpu.type", Type);
        }

        if (Count is < 0 or > ModelDeploymentSpec.MostGpus)
        {
            errors.Add("spec.gpu.count", Count.Value.ToString(CultureInfo.InvariantCulture), $"0 to {ModelDeploymentSpec.MostGpus} GPUs a replica");
        }

        if (Type is not null && Count == 0)
        {
            errors.Add("spec.gpu.count", "0", "1 or more with a type; without one, 0 means that it runs on the CPU");
        }
    }
}

/// <summary>How a new version takes the old one's place.</summary>
public sealed record RolloutSpec
{
    /// <summary>One of <see cref="RolloutStrategies.All"/>; <c>rolling</c> where absent.</summary>
    public string? Strategy { get; init; }

    /// <summary>With <c>canary</c>: the new version's share of the requests in percent until it is promoted.</summary>
    public int? Weight { get; init; }

    /// <summary>With <c>canary</c>: how long the new version must have been serving before it takes over by itself. Absent: it waits to be promoted.</summary>
    public Duration? PromoteAfter { get; init; }

    /// <summary>How long a new version may take to be ready before the old one comes back. Follows from the weights' size where absent.</summary>
    public Duration? ReadyWithin { get; init; }

    /// <summary>How long a replica that leaves may finish what it has begun. Default 30s.</summary>
    public Duration? Drain { get; init; }

    /// <summary>How many revisions are kept to go back to. Default 10.</summary>
    public int? History { get; init; }

    public static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(30);

    public const int DefaultHistory = 10;

    internal void Validate(FieldErrors errors)
    {
        if (Strategy is not null)
        {
            errors.RequireOneOf("spec.rollout.strategy", Strategy, RolloutStrategies.All);
        }

        if (Weight is not null && Strategy != RolloutStrategies.Canary)
        {
            errors.Add("spec.rollout.weight", $"{Weight}", "no weight without strategy: canary");
        }
        else if (Weight is < 1 or > 99)
        {
            errors.Add("spec.rollout.weight", $"{Weight}", "1 to 99 percent");
        }

        if (PromoteAfter is not null && Strategy != RolloutStrategies.Canary)
        {
            errors.Add("spec.rollout.promoteAfter", $"{PromoteAfter}", "no promoteAfter without strategy: canary");
        }

        RequireWithin(errors, "spec.rollout.readyWithin", ReadyWithin, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        RequireWithin(errors, "spec.rollout.drain", Drain, TimeSpan.Zero, TimeSpan.FromHours(1));
        if (History is < 1 or > 100)
        {
            errors.Add("spec.rollout.history", $"{History}", "1 to 100 revisions");
        }
    }

    private static void RequireWithin(FieldErrors errors, string path, Duration? value, TimeSpan least, TimeSpan most)
    {
        if (value is { } duration && (duration.Value < least || duration.Value > most))
        {
            errors.Add(path, $"{duration}", $"{new Duration(least)} to {new Duration(most)}");
        }
    }
}

/// <summary>How a new version takes the old one's place.</summary>
public static class RolloutStrategies
{
    /// <summary>The new one is started beside the old one, which serves until it is ready.</summary>
    public const string Rolling = "rolling";

    /// <summary>The old one ends first: no second set of GPUs is needed, and nothing serves in between.</summary>
    public const string Recreate = "recreate";

    /// <summary>The new one gets a share of the requests until it is promoted.</summary>
    public const string Canary = "canary";

    public static readonly IReadOnlyList<string> All = [Rolling, Recreate, Canary];
}

/// <summary>How it is seen that a server lives and answers. Sized to the model where absent.</summary>
public sealed record ProbeSpec
{
    /// <summary>What is asked; 200 means yes. The server's own (<c>/health</c>) where absent.</summary>
    public string? Path { get; init; }

    /// <summary>How long the first start may take, weights included.</summary>
    public Duration? StartWithin { get; init; }

    /// <summary>How often it is asked. Default 10s.</summary>
    public Duration? Interval { get; init; }

    /// <summary>How long an answer may take. Default 5s.</summary>
    public Duration? Timeout { get; init; }

    /// <summary>Failures one after the other after which a replica that served counts as unready; Kubernetes restarts it then, containers after twice as many. Default 6.</summary>
    public int? Failures { get; init; }

    internal void Validate(FieldErrors errors)
    {
        // The gateway asks for it too, as a provider's health check.
        if (Path is not null && (!HealthCheckSpec.IsPath(Path) || Path.Length > 512))
        {
            errors.Add("spec.probes.path", Path, HealthCheckSpec.PathExpectation);
        }

        foreach (var (path, value) in new[] { ("startWithin", StartWithin), ("interval", Interval), ("timeout", Timeout) })
        {
            if (value is { } duration && (duration.Value < TimeSpan.FromSeconds(1) || duration.Value > TimeSpan.FromDays(1)))
            {
                errors.Add($"spec.probes.{path}", $"{duration}", "1s to 1d");
            }
        }

        if (Failures is < 1 or > 1_000)
        {
            errors.Add("spec.probes.failures", $"{Failures}", "1 to 1000");
        }
    }
}

/// <summary>Where weights come from: one of the two.</summary>
public sealed record WeightsSource
{
    /// <summary>A repository of the hub: <c>acme/support-8b</c>.</summary>
    public string? Repo { get; init; }

    /// <summary>Its commit or tag.</summary>
    public string? Revision { get; init; }

    /// <summary>Or a folder of the cache, relative to it: <c>own/support-8b</c>.</summary>
    public string? Path { get; init; }

    internal void Validate(FieldErrors errors, string path)
    {
        if (Repo is null == Path is null)
        {
            errors.Add(path, null, "either repo or path");
        }

        if (Repo is not null && Repo.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            errors.Add($"{path}.repo", Repo, "a repository as owner/name");
        }

        if (Path is not null && (Path.Length is 0 or > 512 || Path.StartsWith('/') || Path.Split('/').Any(part => part is "" or "." or "..") || Path.Any(c => c is < ' ' or '\\' or '\x7f')))
        {
            errors.Add($"{path}.path", Path, "a folder relative to the cache, without '..'");
        }

        if (Revision is not null && Path is not null)
        {
            errors.Add($"{path}.revision", Revision, "no revision with a path");
        }
    }
}

/// <summary>A LoRA adapter: small weights on top of the model's, served under an id of its own.</summary>
public sealed record AdapterSpec
{
    public required string Id { get; init; }

    public string? Repo { get; init; }

    public string? Revision { get; init; }

    public string? Path { get; init; }

    public WeightsSource Source => new() { Repo = Repo, Revision = Revision, Path = Path };
}

/// <summary>Where weights are kept between starts.</summary>
public static class WeightCaches
{
    /// <summary>A volume of the namespace, filled once and mounted by every replica.</summary>
    public const string SharedVolume = "shared_volume";

    /// <summary>The replica's own disk: each one fetches for itself.</summary>
    public const string None = "none";

    public static readonly IReadOnlyList<string> All = [SharedVolume, None];
}

/// <summary>Between how many replicas, and by what.</summary>
public sealed record AutoscalingSpec
{
    /// <summary>One of <see cref="Metrics"/>.</summary>
    public string? Metric { get; init; }

    /// <summary>What of the metric one replica is to have.</summary>
    public double? Target { get; init; }

    public int? MinReplicas { get; init; }

    public int? MaxReplicas { get; init; }

    /// <summary>How long nobody has asked before no replica is kept; it wins over <see cref="MinReplicas"/>.</summary>
    public Duration? ScaleToZeroAfter { get; init; }

    public static readonly IReadOnlyList<string> Metrics = ["rps", "in_flight", "queue", "kv_cache"];

    internal void Validate(FieldErrors errors)
    {
        if (Metric is not null)
        {
            errors.RequireOneOf("spec.autoscaling.metric", Metric, Metrics);
        }

        if (MinReplicas is < 0 or > ModelDeploymentSpec.MostReplicas)
        {
            errors.Add("spec.autoscaling.minReplicas", $"{MinReplicas}", $"0 to {ModelDeploymentSpec.MostReplicas}");
        }

        if (MaxReplicas is < 1 or > ModelDeploymentSpec.MostReplicas || MaxReplicas < MinReplicas)
        {
            errors.Add("spec.autoscaling.maxReplicas", $"{MaxReplicas}", $"minReplicas to {ModelDeploymentSpec.MostReplicas}");
        }

        if (Target is { } target && !(target is > 0 and < 1e9))
        {
            errors.Add("spec.autoscaling.target", target.ToString(CultureInfo.InvariantCulture), "a number above 0");
        }
    }
}

/// <summary>Where replicas run.</summary>
public static class DeploymentTargets
{
    public const string Kubernetes = "kubernetes";

    /// <summary>podman or docker on the Builder's machine.</summary>
    public const string Container = "container";

    /// <summary>Replicas of the simulator: real HTTP, made-up text.</summary>
    public const string Simulated = "simulated";

    public static readonly IReadOnlyList<string> All = [Kubernetes, Container, Simulated];
}
