using System.Text;
using Orrery.Builder.Declared;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>What a namespace's images are fetched and pushed with: its Secret <c>registries</c>, and for pushing that of the namespace <c>default</c> where it has nothing for the registry.</summary>
internal sealed class BuildCredentials(CatalogueClient catalogue, SecretSealer sealer)
{
    /// <returns>And every text of them that may not be shown.</returns>
    public async Task<(RegistryCredentials? Pulls, RegistryCredentials? Pushes, IReadOnlyList<string> Secrets)> OfAsync(BuildRecord build, CancellationToken cancellationToken)
    {
        var own = await ReadAsync(build.Namespace, cancellationToken);
        var target = build.Repository.Length == 0 ? null : ImageReference.Parse(build.Repository);
        var pushes = target is null || own?.For(target) is not null || build.Namespace == ResourceMetadata.DefaultNamespace ? own : await ReadAsync(ResourceMetadata.DefaultNamespace, cancellationToken);
        var secrets = new[] { own, pushes }.OfType<RegistryCredentials>().Distinct().SelectMany(one => one.ByPlace.Values)
            .SelectMany(one => new[] { one.Password, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{one.User}:{one.Password}")) });
        return (own, pushes, [.. secrets]);
    }

    private async Task<RegistryCredentials?> ReadAsync(string @namespace, CancellationToken cancellationToken) =>
        await catalogue.PullSecretAsync(@namespace, cancellationToken) is { } secret
        && sealer.TryOpen(SecretContext.Of(@namespace, secret.Secret, secret.Key), secret.Value, out var text, out _)
            ? RegistryCredentials.TryRead(text, out _)
            : null;
}
