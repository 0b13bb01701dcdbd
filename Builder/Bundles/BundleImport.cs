using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>Brings a verified bundle's images into a registry. What is there already is not sent again, so that a broken import is begun again.</summary>
internal sealed class BundleImport(BundleWorld world, ImportPlace place, RegistryCredentials? credentials)
{
    public async Task<ImportedImages> RunAsync(BundleFolder folder, BundleContent content, CancellationToken cancellationToken)
    {
        var groups = content.Named.GroupBy(named => named.Reference with { Tag = null, Digest = null }).Select(group => (Name: place.NameOf(group.Key), Members: group.ToList())).ToList();
        var held = new Dictionary<string, string>();
        foreach (var (i, (name, members)) in groups.Index())
        {
            world.Progress.Say($"[{i + 1}/{groups.Count}] {name}");
            await PushAsync(name, [.. members.Where(content.IsImage)], [.. members.Where(member => !content.IsImage(member))], folder, held, cancellationToken);
        }

        return new ImportedImages(place.ToString(), [.. content.About.Images.Select(Moved)], Mirrors(content));
    }

    private async Task PushAsync(
        ImageReference name, IReadOnlyList<NamedManifest> images, IReadOnlyList<NamedManifest> companions, BundleFolder folder, Dictionary<string, string> held, CancellationToken cancellationToken)
    {
        try
        {
            var repository = await world.Registries.OpenAsync(name, credentials, RegistryAccess.Push, cancellationToken);
            await new ImagePush(repository, folder, held, world.Progress).RunAsync(images, companions, cancellationToken);
        }
        catch (RemoteFailure failure)
        {
            throw BundleException.Of(failure, name.ToString());
        }
    }

    private ImportedImage Moved(BundleImage image)
    {
        var original = ImageReference.Parse(image.Reference)!;
        return new ImportedImage(image.Reference, (place.NameOf(original) with { Tag = null, Digest = image.Digest }).ToString(), image.Digest, original.Tag);
    }

    private Dictionary<string, string> Mirrors(BundleContent content) =>
        content.Named.Select(named => named.Reference.Registry!).Distinct().Order(StringComparer.Ordinal).ToDictionary(registry => registry, place.MirrorOf);
}
