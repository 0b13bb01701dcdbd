using System.Text;
using Microsoft.Extensions.Options;
using Orrery.Builder.Declared;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Registries;
using Orrery.ServiceDefaults.Registries.Ecr;

namespace Orrery.Builder.Builds;

/// <summary>What a namespace's images are fetched and pushed with: its Secret <c>registries</c>.</summary>
/// <remarks>
/// For the images that are built for it, and no others, the installation lends what the namespace lacks: the Secret of the namespace <c>default</c>, or its own passwords at Amazon ECR.
/// </remarks>
internal sealed class ImageCredentials(CatalogueClient catalogue, SecretSealer sealer, EcrCredentials ecr, IOptions<BuildOptions> options)
{
    public const string SecretName = "registries";

    /// <returns>And every text of them that may not be shown.</returns>
    /// <exception cref="ServiceDefaults.Egress.RemoteFailure">AWS gives no password.</exception>
    public async Task<(RegistryCredentials? Pulls, RegistryCredentials? Pushes, IReadOnlyList<string> Secrets)> OfAsync(BuildRecord build, CancellationToken cancellationToken)
    {
        var own = await ReadAsync(build.Namespace, cancellationToken);
        var pushes = build.Repository.Length == 0 ? own : await ForAsync(build.Namespace, ImageReference.Parse(build.Repository)!, cancellationToken);
        var secrets = new[] { own, pushes }.OfType<RegistryCredentials>().Distinct().SelectMany(one => one.ByPlace.Values)
            .SelectMany(one => new[] { one.Password, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{one.User}:{one.Password}")) });
        return (own, pushes, [.. secrets]);
    }

    /// <summary>What opens an image to a namespace.</summary>
    /// <exception cref="ServiceDefaults.Egress.RemoteFailure">AWS gives no password.</exception>
    public async Task<RegistryCredentials?> ForAsync(string @namespace, ImageReference image, CancellationToken cancellationToken)
    {
        var own = await ReadAsync(@namespace, cancellationToken);
        return await LendAsync(@namespace, image, own, cancellationToken) ?? own;
    }

    /// <summary>A namespace's own with what it is lent for an image; <c>null</c>: it is lent nothing.</summary>
    /// <exception cref="ServiceDefaults.Egress.RemoteFailure">AWS gives no password.</exception>
    public async Task<RegistryCredentials?> LendAsync(string @namespace, ImageReference image, RegistryCredentials? own, CancellationToken cancellationToken)
    {
        if (own?.For(image) is not null || !IsBuiltFor(@namespace, image))
        {
            return null;
        }

        var lent = @namespace == ResourceMetadata.DefaultNamespace ? null : (await ReadAsync(ResourceMetadata.DefaultNamespace, cancellationToken))?.For(image);
        lent ??= await ecr.FindAsync(image, cancellationToken);
        return lent is null ? null : (own ?? new RegistryCredentials()).With(image, lent);
    }

    /// <summary>Whether an image lies where this Builder puts a namespace's.</summary>
    private bool IsBuiltFor(string @namespace, ImageReference image) =>
        options.Value.RepositoryOf(@namespace, "x") is { Length: > 0 } built && ImageReference.Parse(built)!.Normalised is var place && image.Normalised is var named
        && place.Registry == named.Registry && named.Repository.StartsWith(place.Repository[..^1], StringComparison.Ordinal);

    private async Task<RegistryCredentials?> ReadAsync(string @namespace, CancellationToken cancellationToken) =>
        await catalogue.PullSecretAsync(@namespace, cancellationToken) is { } secret
        && sealer.TryOpen(SecretContext.Of(@namespace, secret.Secret, secret.Key), secret.Value, out var text, out _)
            ? RegistryCredentials.TryRead(text, out _)
            : null;
}
