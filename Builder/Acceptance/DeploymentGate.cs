using Orrery.Builder.Builds;
using Orrery.Builder.Declared;
using Orrery.Builder.Registration;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Acceptance;

/// <summary>What becomes of a declared deployment before anything is created: a template, or everything that stands in the way, or neither yet.</summary>
internal sealed record Verdict(RevisionTemplate? Template, IReadOnlyList<DeploymentFault> Faults)
{
    /// <summary>Of what is declared, without what was found out for it: a pin or a digest that becomes another makes no revision by itself.</summary>
    public string Hash { get; init; } = "";

    /// <summary>The model as it is declared; absent where the deployment declares it itself.</summary>
    public ModelSpec? Model { get; init; }

    /// <summary>What could not be found out, and is no reason to wait.</summary>
    public IReadOnlyList<DeploymentFault> Warnings { get; init; } = [];

    /// <summary>What is being asked just now; it is judged again soon.</summary>
    public string? Pending { get; init; }

    /// <summary>How far its image is, where that is what is waited for.</summary>
    public string? Building { get; init; }

    public static Verdict Refused(params IReadOnlyList<DeploymentFault> faults) => new(null, faults);
}

/// <summary>Held in memory and handed to the target, never logged.</summary>
/// <param name="Variables">By their names.</param>
/// <param name="PullCredentials">The namespace's <c>.dockerconfigjson</c>.</param>
internal sealed record DeploymentSecrets(IReadOnlyDictionary<string, string> Variables, string? PullCredentials)
{
    public static readonly DeploymentSecrets None = new(new Dictionary<string, string>(), null);

    public override string ToString() => nameof(DeploymentSecrets);
}

/// <summary>Asks the Catalogue what the model needs and whether it may run, and the target whether it can.</summary>
internal sealed class DeploymentGate(CatalogueClient catalogue, SecretSealer sealer, DeploymentImages images, ImageCredentials credentials, SignatureCheck signatures)
{
    /// <summary>Weights come at this rate, at worst, from the hub and from the disk.</summary>
    private const double GigabytesPerMinute = 2;

    private const string SecretMissing = "SecretMissing";

    private static readonly TimeSpan LeastStart = TimeSpan.FromMinutes(10);

    /// <param name="runs">Whether replicas of it run already, whose GPUs come free for the new ones.</param>
    /// <param name="wish">Names what is to be begun; <c>null</c>: it is only looked at, and nothing is kept.</param>
    /// <param name="known">The revision that was made of what has this hash, which needs no other image; <c>null</c>: none is wanted.</param>
    public async Task<Verdict> JudgeAsync(
        DeclaredDeployment deployment, ITarget target, bool runs, string? wish, CancellationToken cancellationToken, Func<string, RevisionTemplate?>? known = null)
    {
        // The simulator fetches nothing, so that nobody is asked for it.
        var brief = await catalogue.BriefAsync(deployment, target.Name == DeploymentTargets.Simulated ? null : wish, cancellationToken);
        if (brief.Faults.Count > 0 || brief.Model is not { } model)
        {
            return Verdict.Refused(brief.Faults) with { Pending = brief.Pending };
        }

        var spec = deployment.Spec;
        var inventory = await target.InventoryAsync(deployment.Key, cancellationToken);
        var (choice, faults) = GpuPlacement.Choose(brief.Choices, spec, inventory, runs);
        faults = [.. faults, .. QuotaCheck.Faults(inventory.Quotas, choice, model.Resources, runs ? 0 : spec.EffectiveReplicas)];
        if (inventory.Room is { } room && Room(room, deployment, runs) is { } lack)
        {
            faults = [.. faults, lack];
        }

        if (faults.Count > 0 && spec.Image is null)
        {
            return Verdict.Refused(faults) with { Pending = brief.Pending }; // What cannot run here is not built.
        }

        try
        {
            var named = spec.Image ?? (target.Name == DeploymentTargets.Simulated ? $"simulator/{model.Id}" : null);
            var recipe = named is null ? brief.Recipe : null;
            var found = named is not null ? new FoundImage(named)
                : known?.Invoke(HashOf(deployment, Template(deployment, brief, model, choice!, new ResolvedImage("", null)), choice!, recipe)) is { } same ? new FoundImage(same.Image)
                : brief.Pending is not null ? new FoundImage(null)
                : await images.FindAsync(deployment, brief, target, wish, cancellationToken);
            if (found.Reference is not { } reference)
            {
                return Verdict.Refused(found.Fault is null ? [] : [found.Fault]) with { Pending = brief.Pending, Building = found.Building };
            }

            var image = found.IsToBeBuilt ? new ResolvedImage(reference, null) { Warning = "Its image is not built yet; declaring it builds it." }
                : await target.ResolveImageAsync(deployment.Key, reference, wish, cancellationToken);
            if (target.Name != DeploymentTargets.Simulated && !found.IsToBeBuilt && image.Pending is null
                && await signatures.FaultAsync(deployment.Metadata.Namespace, brief.ImagePolicy, image.Reference, cancellationToken) is { } unsigned)
            {
                faults = [.. faults, unsigned];
            }

            if (faults.Count > 0 || (brief.Pending ?? image.Pending) is not null)
            {
                return Verdict.Refused(faults) with { Pending = brief.Pending ?? image.Pending };
            }

            var (pullSecret, unusable) = await PullSecretAsync(deployment, brief, target, image.Reference, cancellationToken);
            var template = Template(deployment, brief, model, choice!, image) with { PullSecret = pullSecret };
            var verdict = new Verdict(template, []) { Hash = HashOf(deployment, template, choice!, recipe), Model = brief.Declared, Warnings = Warnings(template, image.Warning, unusable) };
            return wish is null || await catalogue.RefusalAsync(deployment, ProviderDocument.Of(template, [], isSimulated: target.Name == DeploymentTargets.Simulated), cancellationToken) is not { } refusal
                ? verdict
                : Verdict.Refused(new DeploymentFault(DeploymentReasons.Misdeclared, $"Its replicas cannot be registered with the gateway: {refusal}"));
        }
        catch (TargetException error)
        {
            return Verdict.Refused([.. faults, new DeploymentFault(DeploymentReasons.ImageUnavailable, error.Message)]) with { Pending = brief.Pending };
        }
    }

    /// <summary>Its own replicas make room for each other; all of a new one must have room beside what others have.</summary>
    private static DeploymentFault? Room(Room room, DeclaredDeployment deployment, bool runs)
    {
        var others = room with { Promises = [.. room.Promises.Where(promise => promise.Key.Uid != deployment.Key.Uid)] };
        var replicas = deployment.Spec.EffectiveReplicas;
        return others.Lacks(deployment.Key, deployment.Spec.Resources, runs ? Math.Min(1, replicas) : replicas) is { } lack ? new DeploymentFault(Targets.Room.Lacking, lack) : null;
    }

    /// <summary>The values of a revision's secrets as they are now. The revision names them: what is declared by now may name others, or none.</summary>
    /// <exception cref="TargetException">One is not there any more.</exception>
    public async Task<DeploymentSecrets> SecretsAsync(DeclaredDeployment deployment, RevisionRecord revision, CancellationToken cancellationToken)
    {
        var template = revision.Template;
        if (template is { Secrets.Count: 0, PullSecret: null })
        {
            return DeploymentSecrets.None;
        }

        var named = template.Secrets.ToDictionary(secret => secret.Name, secret => new SecretKeyReference(secret.Secret, secret.Key), StringComparer.Ordinal);
        var brief = await catalogue.BriefAsync(deployment with { Spec = deployment.Spec with { Secrets = named } }, wish: null, cancellationToken);
        return template.Secrets.FirstOrDefault(secret => !brief.Secrets.ContainsKey(secret.Name)) is { } missing
            ? throw new TargetException(
                SecretMissing,
                $"Revision {revision.Number} has the variable {missing.Name} from the key '{missing.Key}' of Secret '{missing.Secret}', which namespace '{deployment.Metadata.Namespace}' does not have any more. Apply that Secret again, or go on with another revision.")
            : new DeploymentSecrets(
                brief.Secrets.ToDictionary(pair => pair.Key, pair => Open(deployment, pair.Value), StringComparer.Ordinal),
                template.PullSecret is null ? null : await PullCredentialsAsync(deployment, brief, template.Image, cancellationToken));
    }

    /// <summary>The Secret's name where the target has others pull its images and it is of use to them; else why it is of none.</summary>
    private async Task<(string? Name, string? Unusable)> PullSecretAsync(DeclaredDeployment deployment, DeploymentBrief brief, ITarget target, string image, CancellationToken cancellationToken)
    {
        if (target.Name != DeploymentTargets.Kubernetes)
        {
            return (null, null);
        }

        var unusable = brief.PullSecret is { } pull && ReadPullSecret(deployment, pull).Fault is { } wrong ? $"The image is pulled without the Secret '{pull.Secret}': {wrong}" : null;
        return (await PullCredentialsAsync(deployment, brief, image, cancellationToken) is null ? null : ImageCredentials.SecretName, unusable);
    }

    /// <summary>The namespace's own, with what it is lent for an image that was built for it.</summary>
    /// <exception cref="TargetException">What is to be lent cannot be had now.</exception>
    private async Task<string?> PullCredentialsAsync(DeclaredDeployment deployment, DeploymentBrief brief, string image, CancellationToken cancellationToken)
    {
        var own = brief.PullSecret is { } pull ? ReadPullSecret(deployment, pull).Text : null;
        try
        {
            var read = own is null ? null : RegistryCredentials.TryRead(own, out _);
            return ImageReference.Parse(image) is { } named && await credentials.LendAsync(deployment.Metadata.Namespace, named, read, cancellationToken) is { } lent ? DockerConfig.Of(lent) : own;
        }
        catch (RemoteFailure failure)
        {
            throw new TargetException(DeploymentReasons.TargetUnavailable, $"What the image {image} is pulled with cannot be had: {failure.Fault.Message}. {failure.Fault.Remedy}");
        }
    }

    /// <summary>As Kubernetes takes it, or what is wrong with it.</summary>
    private (string? Text, string? Fault) ReadPullSecret(DeclaredDeployment deployment, SnapshotSecret secret) =>
        !sealer.TryOpen(SecretContext.Of(deployment.Metadata.Namespace, secret.Secret, secret.Key), secret.Value, out var text, out var reason) ? (null, $"it cannot be opened: {reason}.")
        : RegistryCredentials.TryRead(text, out var wrong) is null ? (null, $"{wrong}. Put its key {secret.Key} right.")
        : (text, null);

    private string Open(DeclaredDeployment deployment, SnapshotSecret secret) =>
        sealer.TryOpen(SecretContext.Of(deployment.Metadata.Namespace, secret.Secret, secret.Key), secret.Value, out var value, out var reason)
            ? value
            : throw new TargetException(DeploymentReasons.Misdeclared, $"Secret '{secret.Secret}' cannot be opened: {reason}.");

    /// <summary>Of what is declared: what is found out for a revision makes no other.</summary>
    private static string HashOf(DeclaredDeployment deployment, RevisionTemplate template, GpuChoice choice, ImageRecipe? recipe) => Fingerprint.Of(template with
    {
        Image = deployment.Spec.Image ?? recipe?.Fingerprint ?? template.Image,
        DeclaredImage = null,
        Digest = null,
        Pin = null,
        PullSecret = null,
        Requests = null,
        Arguments = template.Arguments is null ? null : choice.DeclaredArguments ?? template.Arguments,
    });

    private static IReadOnlyList<DeploymentFault> Warnings(RevisionTemplate template, string? unresolved, string? unusable) =>
        [.. new (string Reason, string? Message)[] { ("NotPinned", template.Pin?.Message), ("ImageNotResolved", unresolved), ("PullSecretUnusable", unusable) }
            .Where(warning => warning.Message is not null).Select(warning => new DeploymentFault(warning.Reason, warning.Message!))];

    private static RevisionTemplate Template(DeclaredDeployment deployment, DeploymentBrief brief, DeployedModel model, GpuChoice choice, ResolvedImage image)
    {
        var spec = deployment.Spec;
        var environment = new SortedDictionary<string, string>(model.Environment.ToDictionary(), StringComparer.Ordinal);
        foreach (var (name, value) in spec.Environment ?? new Dictionary<string, string>())
        {
            environment[name] = value;
        }

        return new RevisionTemplate
        {
            ModelId = model.Id,
            ModelType = model.ModelType,
            Context = choice.Context ?? spec.Context,
            Engine = model.Engine,
            Adapters = [.. (spec.Adapters ?? []).Select(adapter => adapter.Id)],
            Image = image.Reference,
            DeclaredImage = spec.Image is { } declared && declared != image.Reference ? declared : null,
            Digest = image.Digest,
            Pin = brief.Pin,
            Command = spec.Command,
            Arguments = spec.Command is null ? choice.Arguments : null,
            Environment = environment,
            Secrets = [.. brief.Secrets.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => new SecretVariable(pair.Key, pair.Value.Secret, pair.Value.Key, Fingerprint.Of(pair.Value.Value.Ciphertext)))],
            Files = spec.Files is { Count: > 0 } files ? new SortedDictionary<string, string>(files.ToDictionary(), StringComparer.Ordinal) : null,
            Port = model.Port,
            HealthPath = spec.Probes?.Path ?? model.HealthPath,
            Resources = model.Resources with { Gpu = choice.Count },
            Requests = spec.Resources is { Cpu: null, Memory: null } or null ? null : new ModelResources { Cpu = spec.Resources.Cpu, Memory = spec.Resources.Memory },
            Gpu = choice.Spec is { } gpu ? new TemplateGpu(choice.Class!, gpu.EffectiveResourceName, gpu.Device ?? "nvidia.com/gpu=all", choice.Count, gpu.Memory) : null,
            NodeSelector = new SortedDictionary<string, string>((choice.Spec?.NodeSelector ?? Nothing).Concat(spec.NodeSelector ?? Nothing)
                .GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value), StringComparer.Ordinal),
            Tolerations = [.. (choice.Spec?.Tolerations ?? []).Concat(spec.Tolerations ?? []).Distinct()],
            RuntimeClass = spec.RuntimeClass ?? choice.Spec?.RuntimeClass,
            Cache = spec.EffectiveCache,
            Probes = new TemplateProbes(
                spec.Probes?.StartWithin?.Value ?? StartWithin(model.Weights),
                spec.Probes?.Interval?.Value ?? TimeSpan.FromSeconds(10),
                spec.Probes?.Timeout?.Value ?? TimeSpan.FromSeconds(5),
                spec.Probes?.Failures ?? 6),
            Drain = spec.Rollout?.Drain?.Value ?? RolloutSpec.DefaultDrain,
            TrustZone = spec.TrustZone,
        };
    }

    /// <summary>What a first start may take: the image and the weights have to come.</summary>
    public static TimeSpan StartWithin(ByteSize? weights) => LeastStart + TimeSpan.FromMinutes(Math.Ceiling((weights?.Gigabytes ?? 0) / GigabytesPerMinute));

    private static readonly Dictionary<string, string> Nothing = [];
}
