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

    private async Task<FoundImage> FindAsync(string @namespace, ImageRecipe recipe, string? wish, CancellationToken cancellationToken)
    {
        var (key, repository) = (await KeyOfAsync(recipe, cancellationToken), RepositoryOf(@namespace, recipe.ModelId));
        var build = await store.FindAsync(@namespace, key, repository, cancellationToken);
        if (build is { State: BuildStates.Done, Image: { } image } && await IsThereAsync(build, cancellationToken))
        {
            return new FoundImage(image);
        }

        if (wish is null)
        {
            return build is { IsUnderWay: true } ? new FoundImage(null) { Building = Told(build, 0) }
                : new FoundImage(repository.Length == 0 ? $"localhost/orrery/{RepositoryNames.Of(recipe.ModelId)}:{key[..12]}" : $"{repository}:{key[..32]}") { IsToBeBuilt = true };
        }

        if (build is { State: BuildStates.Failed or BuildStates.Cancelled } && build.Wishes.Contains(wish))
        {
            return Refused(DeploymentReasons.BuildFailed, $"Its image could not be built: {build.Message} GET /builds/{build.Id}/log has all that was said; POST /builds/{build.Id}/retry tries again.");
        }

        if (build is not { IsUnderWay: true })
        {
            build = await store.QueueAsync(@namespace, key, repository, recipe, "builder", [.. build?.Wishes ?? [], wish], cancellationToken);
        }
        else if (!build.Wishes.Contains(wish))
        {
            await store.JoinAsync(build.Id, wish, cancellationToken);
        }

        return new FoundImage(null) { Building = Told(build, await store.AheadAsync(build, cancellationToken)) };
    }

    /// <summary>Whether an image that was built is still where it is run from.</summary>
    public async Task<bool> IsThereAsync(BuildRecord build, CancellationToken cancellationToken) =>
        await _builder!.HasAsync(build, cancellationToken) && await pushed.FindAsync(build, cancellationToken) is not false;

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
