using System.Globalization;
using Microsoft.Extensions.Options;
using Orrery.Builder.Declared;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Builds;

/// <summary>What a deployment runs that names no image: the one that is built of its model, once.</summary>
/// <param name="builders">Empty: nothing is built by this Builder.</param>
internal sealed class DeploymentImages(BuildStore store, IEnumerable<IImageBuilder> builders, PushedImages pushed, IOptions<BuildOptions> options)
{
    private readonly IImageBuilder? _builder = builders.FirstOrDefault();

    public bool CanBuild => _builder is not null;

    /// <param name="wish">As in <see cref="DeploymentQuestion"/>: <c>null</c> begins nothing.</param>
    public async Task<FoundImage> FindAsync(DeclaredDeployment deployment, DeploymentBrief brief, ITarget target, string? wish, CancellationToken cancellationToken)
    {
        var (@namespace, model) = (deployment.Metadata.Namespace, brief.Model!.Id);
        if (_builder is null)
        {
            return Refused(DeploymentReasons.NoImage, $"spec.image is missing, and this Builder builds no images: it runs in a cluster, and {BuildOptions.Section}:Registry does not say where they would go. Set it, or build one from GET /models/{model}/dockerfile, push it and name it here.");
        }

        if (brief.Recipe is not { } recipe)
        {
            return Refused(DeploymentReasons.NoImage, $"spec.image is missing, and nothing says how the image of {model} is built.");
        }

        if (target.Name == DeploymentTargets.Kubernetes && options.Value.Registry is null)
        {
            return Refused(DeploymentReasons.NoImage, $"spec.image is missing, and an image that is built for a cluster has to be pushed where its nodes find it. Set {BuildOptions.Section}:Registry, or name an image.");
        }

        try
        {
            return await FindAsync(@namespace, recipe, wish, cancellationToken);
        }
        catch (BuildException error)
        {
            return Refused(DeploymentReasons.BuildFailed, error.Message);
        }
    }

    /// <inheritdoc cref="BuildOptions.RepositoryOf"/>
    public string RepositoryOf(string @namespace, string model) => options.Value.RepositoryOf(@namespace, model);

    /// <summary>The key of a recipe here, bases of this machine included.</summary>
    /// <exception cref="BuildException">A base is known to nobody.</exception>
    public async Task<string> KeyOfAsync(ImageRecipe recipe, CancellationToken cancellationToken)
    {
        var held = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var image in recipe.Bases.Where(image => image.Digest is null))
        {
            held[image.Reference] = await _builder!.FindBaseAsync(image.Reference, cancellationToken)
                ?? throw new BuildException(BuildReasons.BaseUnknown, $"The base {image.Reference} is not on this machine, and its digest is not known. {image.Message ?? "Name it with its registry, or fetch it to this machine."}");
        }

        return BuildKey.Of(recipe, held);
    }

    /// <summary>The image that an earlier revision ran. One that was built here and is lost is built again of what it was built of.</summary>
    public async Task<FoundImage> FindAgainAsync(string @namespace, string image, string wish, CancellationToken cancellationToken)
    {
        if (_builder is null || await store.FindByImageAsync(@namespace, image, cancellationToken) is not { } built || await LossAsync(built, cancellationToken) is not { } loss)
        {
            return new FoundImage(image);
        }

        var wanted = new WantedImage(@namespace, built.Key, built.Repository, built.Recipe);
        var newest = await store.FindAsync(@namespace, built.Key, built.Repository, cancellationToken);
        return newest is { State: BuildStates.Done } && newest.Image != image
            ? Refused(DeploymentReasons.ImageUnavailable, $"{loss} Built again it became {newest.Image}: its steps bring what there is today. Declare the deployment anew to run that.")
            : await BuildAsync(wanted, newest, wish, loss, cancellationToken);
    }

    /// <summary>Has an image built, unless it is there or under way.</summary>
    public async Task<(BuildRecord Build, bool IsNew)> AskAsync(string @namespace, ImageRecipe recipe, string by, CancellationToken cancellationToken)
    {
        var (wanted, newest, loss) = await LookAsync(@namespace, recipe, cancellationToken);
        return newest is { IsUnderWay: true } || (newest is { State: BuildStates.Done } && loss is null)
            ? (newest, false)
            : (await store.QueueAsync(wanted, by, [], loss, cancellationToken), true);
    }

    private async Task<FoundImage> FindAsync(string @namespace, ImageRecipe recipe, string? wish, CancellationToken cancellationToken)
    {
        var (wanted, newest, loss) = await LookAsync(@namespace, recipe, cancellationToken);
        return newest is { State: BuildStates.Done } && loss is null ? new FoundImage(newest.Image)
            : wish is not null ? await BuildAsync(wanted, newest, wish, loss, cancellationToken)
            : newest is { IsUnderWay: true } ? new FoundImage(null) { Building = Told(newest, 0) }
            : new FoundImage(wanted.Repository.Length == 0 ? $"localhost/orrery/{RepositoryNames.Of(recipe.ModelId)}:{wanted.Key[..12]}" : $"{wanted.Repository}:{wanted.Key[..32]}") { IsToBeBuilt = true };
    }

    /// <returns>What is wanted, the newest build of it, and what became of that one's image.</returns>
    private async Task<(WantedImage Wanted, BuildRecord? Newest, string? Loss)> LookAsync(string @namespace, ImageRecipe recipe, CancellationToken cancellationToken)
    {
        var wanted = new WantedImage(@namespace, await KeyOfAsync(recipe, cancellationToken), RepositoryOf(@namespace, recipe.ModelId), recipe);
        var newest = await store.FindAsync(@namespace, wanted.Key, wanted.Repository, cancellationToken);
        return (wanted, newest, newest is { State: BuildStates.Done } ? await LossAsync(newest, cancellationToken) : null);
    }

    private async Task<FoundImage> BuildAsync(WantedImage wanted, BuildRecord? newest, string wish, string? loss, CancellationToken cancellationToken)
    {
        if (newest is { State: BuildStates.Failed or BuildStates.Cancelled } && newest.Wishes.Contains(wish))
        {
            return Refused(DeploymentReasons.BuildFailed, $"Its image could not be built: {newest.Message} GET /builds/{newest.Id}/log has all that was said; POST /builds/{newest.Id}/retry tries again.");
        }

        var build = newest is { IsUnderWay: true } ? newest : await store.QueueAsync(wanted, "builder", [.. newest?.Wishes ?? [], wish], loss, cancellationToken);
        if (!build.Wishes.Contains(wish))
        {
            await store.JoinAsync(build.Id, wish, cancellationToken);
        }

        return new FoundImage(null) { Building = Told(build, await store.AheadAsync(build, cancellationToken)) };
    }

    /// <summary>Where an image that was built is no more, as a sentence; <c>null</c>: it is where it is run from.</summary>
    private async Task<string?> LossAsync(BuildRecord build, CancellationToken cancellationToken) =>
        await pushed.FindAsync(build, cancellationToken) is false ? $"The image {build.Image} is not in its registry any more."
        : !await _builder!.HasAsync(build, cancellationToken) ? $"The image {build.Image} is not where it was built any more."
        : null;

    /// <summary>How far a build is, for people who wait for it.</summary>
    internal static string Told(BuildRecord build, int ahead) => build.State switch
    {
        BuildStates.Queued when build.NotBefore is { } at => string.Create(
            CultureInfo.InvariantCulture, $"Its image is built again at {at.UtcDateTime:HH:mm:ss} UTC (attempt {build.Attempt + 1}): {build.Message}"),
        BuildStates.Queued => ahead == 0 ? "Its image is to be built." : $"Its image is to be built; {ahead} {(ahead == 1 ? "build is" : "builds are")} before it.",
        _ => $"Its image is being built{(build.Progress is null ? "." : $". {build.Progress}")}",
    };

    private static FoundImage Refused(string reason, string message) => new(null) { Fault = new DeploymentFault(reason, message) };
}

/// <param name="Reference">Absent: there is none yet, or none to be had.</param>
internal sealed record FoundImage(string? Reference)
{
    public DeploymentFault? Fault { get; init; }

    /// <summary>How far it is.</summary>
    public string? Building { get; init; }

    /// <summary>It is not there, and would be built.</summary>
    public bool IsToBeBuilt { get; init; }
}
