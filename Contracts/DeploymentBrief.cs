namespace Orrery.Contracts;

/// <summary>What the Builder asks the Catalogue before it deploys: what follows from the model, and whether it may.</summary>
/// <param name="Wish">
/// Names what is to be begun, and is another with each change and each restart: what the model leaves open is asked for on its behalf, and kept.
/// Absent: what is kept is used, and nobody is asked.
/// </param>
/// <param name="Was">
/// The model as a revision of it has it, where the question is whether that may be started again: what it is called by now may be something else. Absent: it is as it is declared now.
/// </param>
public sealed record DeploymentQuestion(string Namespace, ModelDeploymentSpec Spec, string? Wish = null, ModelSpec? Was = null);

/// <summary>Everything about a deployment that the Catalogue knows. What stands in the way is told all at once.</summary>
public sealed record DeploymentBrief
{
    /// <summary>Empty: nothing stands in the way here.</summary>
    public IReadOnlyList<DeploymentFault> Faults { get; init => field = value ?? []; } = [];

    /// <summary>Absent where the model is not known.</summary>
    public DeployedModel? Model { get; init; }

    /// <summary>The model as it is declared, for who asks of it again later; absent where the deployment declares it itself.</summary>
    public ModelSpec? Declared { get; init; }

    /// <summary>GPUs of the declared classes on which the model fits, the best first; one without a class for a model that needs none.</summary>
    public IReadOnlyList<GpuChoice> Choices { get; init => field = value ?? []; } = [];

    /// <summary>By the name of the variable: sealed, for the place that they were copied from.</summary>
    public IReadOnlyDictionary<string, SnapshotSecret> Secrets { get; init => field = value ?? None; } = None;

    /// <summary>What the namespace pulls images with (<c>.dockerconfigjson</c>), sealed as <see cref="Secrets"/> are; absent: nothing.</summary>
    public SnapshotSecret? PullSecret { get; init; }

    /// <summary>Which images the namespace takes; absent: all.</summary>
    public ImagePolicySpec? ImagePolicy { get; init; }

    /// <summary>The commit that the server's command names. Absent where it can name none, and where nothing is kept and nobody was asked.</summary>
    public DeploymentPin? Pin { get; init; }

    /// <summary>What its image is built of. Absent where the deployment names an image, or needs none.</summary>
    public ImageRecipe? Recipe { get; init; }

    /// <summary>What is being asked just now, as a sentence: with the same wish the answer is here soon. Absent: nothing.</summary>
    public string? Pending { get; init; }

    private static readonly Dictionary<string, SnapshotSecret> None = [];
}

/// <summary>What a model's revision means.</summary>
/// <param name="Reference">As it is declared: <c>Qwen/Qwen3-8B@main</c>.</param>
/// <param name="Commit">Absent: it could not be found out, and the server takes what the hub has when it starts.</param>
/// <param name="At">When it was asked for; absent: the declaration names the commit itself.</param>
/// <param name="Reason">Why it could not be found out, in a word.</param>
/// <param name="Message">The same as sentences, with the remedy.</param>
public sealed record DeploymentPin(string Reference, string? Commit, DateTimeOffset? At = null, string? Reason = null, string? Message = null);

/// <summary>Why a deployment cannot be begun.</summary>
/// <param name="Reason">A word for programs: one of <see cref="DeploymentReasons"/>.</param>
/// <param name="Message">One sentence and the remedy.</param>
public sealed record DeploymentFault(string Reason, string Message);

/// <summary>Why a deployment is where it is, as words for programs.</summary>
public static class DeploymentReasons
{
    public const string UnknownModel = "UnknownModel";
    public const string Misdeclared = "Misdeclared";
    public const string LicenceRefused = "LicenceRefused";
    public const string DoesNotFit = "DoesNotFit";
    public const string NoGpuClass = "NoGpuClass";
    public const string NoNodeWithGpu = "NoNodeWithGpu";
    public const string QuotaExceeded = "QuotaExceeded";
    public const string ImageUnavailable = "ImageUnavailable";
    public const string NoImage = "NoImage";
    public const string ImageNotSigned = "ImageNotSigned";
    public const string ImageNotVerified = "ImageNotVerified";
    public const string BuildFailed = "BuildFailed";
    public const string TargetUnavailable = "TargetUnavailable";
}

/// <summary>The model, as its server is to be started.</summary>
public sealed record DeployedModel
{
    public required string Id { get; init; }

    /// <summary>One of <see cref="ModelTypes.All"/>.</summary>
    public required string ModelType { get; init; }

    /// <summary>How the gateway talks to the server. One of <see cref="Engines.All"/>.</summary>
    public required string Engine { get; init; }

    public int Port { get; init; }

    public required string HealthPath { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init => field = value ?? Nothing; } = Nothing;

    /// <summary>What a replica asks of its node besides GPUs.</summary>
    public required ModelResources Resources { get; init; }

    public ByteSize? Weights { get; init; }

    private static readonly Dictionary<string, string> Nothing = [];
}

/// <summary>GPUs on which a replica fits.</summary>
/// <param name="Class">The GpuClass' name; absent: no GPU is needed.</param>
/// <param name="Spec">The class.</param>
/// <param name="Count">GPUs of a replica.</param>
/// <param name="Context">Tokens of one request there; absent where that means nothing.</param>
/// <param name="Arithmetic">In words.</param>
/// <param name="Arguments">How the server is started there; absent: as the image says.</param>
/// <param name="DeclaredArguments">The same without the commit that is kept; absent: there is no difference.</param>
public sealed record GpuChoice(
    string? Class, GpuClassSpec? Spec, int Count, int? Context, string Arithmetic, IReadOnlyList<string>? Arguments, IReadOnlyList<string>? DeclaredArguments = null);
