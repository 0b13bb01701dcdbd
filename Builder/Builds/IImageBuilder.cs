using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>Who builds images. Everything may be repeated, and may be cut off anywhere.</summary>
internal interface IImageBuilder
{
    /// <summary>How it is spoken of: <c>podman 4.3.1</c>.</summary>
    /// <exception cref="BuildException">Nothing can be built here; says why.</exception>
    Task<string> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>What it holds a base as that no registry was asked for; <c>null</c>: it has none of that name.</summary>
    /// <exception cref="BuildException">It cannot say.</exception>
    Task<string?> FindBaseAsync(string reference, CancellationToken cancellationToken);

    /// <summary>Whether the image of a build that is done is still where it is run from.</summary>
    Task<bool> HasAsync(BuildRecord build, CancellationToken cancellationToken);

    /// <summary>Builds an image and pushes it, if it is to be pushed.</summary>
    /// <exception cref="BuildException">It came to nothing.</exception>
    Task<BuiltImage> BuildAsync(BuildOrder order, IBuildProgress progress, CancellationToken cancellationToken);

    /// <summary>Ends and removes what goes on by itself of a build that was given up.</summary>
    Task EndAsync(Guid build, CancellationToken cancellationToken);

    /// <summary>Sees to what a Builder that is no more has begun: it is ended, or can be gone on with. Nothing is being built meanwhile.</summary>
    /// <param name="begun">Those that are built again.</param>
    Task ClearAsync(IReadOnlySet<Guid> begun, CancellationToken cancellationToken);
}

/// <param name="Target">With its tag; <c>null</c>: it stays where it is built.</param>
/// <param name="Pulls">What bases are fetched with. Never logged.</param>
/// <param name="Pushes">What the image is pushed with. Never logged.</param>
internal sealed record BuildOrder(Guid Id, string Key, ImageRecipe Recipe, ImageReference? Target, RegistryCredentials? Pulls, RegistryCredentials? Pushes);

/// <param name="Image">How it is run: by its digest in the registry, or by the tool's id.</param>
/// <param name="Digest">Of its manifest; absent where it was not pushed.</param>
internal sealed record BuiltImage(string Image, string? Digest);

/// <summary>Told how far a build is.</summary>
internal interface IBuildProgress
{
    /// <summary>The build is in this state from now on: one of <see cref="BuildStates.All"/>.</summary>
    Task EnterAsync(string state, CancellationToken cancellationToken);

    /// <summary>What is being done, for people who wait.</summary>
    void Tell(string progress);

    /// <summary>A line of the tool's.</summary>
    void Write(string line);
}
