using System.Security.Cryptography;
using System.Text;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Deployments;

/// <summary>What images are built of: an entry's Dockerfile with the digests that are kept for its bases, and its files.</summary>
internal sealed class ImageRecipes(DeploymentPins pins)
{
    /// <param name="model">As it is declared: the commit that is kept is the command's affair, and makes no other image.</param>
    /// <returns>The recipe, and what is being asked for it.</returns>
    public async Task<(ImageRecipe Recipe, string? Pending)> FindAsync(ModelSpec model, ServerTable table, DeploymentQuestion question, string caller, CancellationToken cancellationToken)
    {
        var files = model.Dockerfile is not null ? model.Files ?? Nothing : table.Program is null ? Nothing : ServerPrograms.Files;
        var declared = DockerfileRenderer.Render(model, table, new StartOptions());
        var (bases, kept, pending) = (new List<RecipeBase>(), new List<Pin>(), (string?)null);
        foreach (var wanted in Pinnable.OfImages(model, table))
        {
            var (pin, waits) = await pins.FindAsync(question, wanted, caller, cancellationToken);
            pending ??= waits;
            bases.Add(new RecipeBase(wanted.Reference, pin?.Commit, pin?.Message));
            if (pin is { Commit: { } digest, At: { } at })
            {
                kept.Add(new Pin(wanted.Kind, wanted.Reference, 1, digest, null, caller, at));
            }
        }

        return (
            new ImageRecipe
            {
                ModelId = model.Id,
                Dockerfile = DockerfileRenderer.Render(model, table, new StartOptions(), new PinSet(kept)),
                Files = files,
                Bases = bases,
                Fingerprint = FingerprintOf(declared, files),
            },
            pending);
    }

    private static string FingerprintOf(string dockerfile, IReadOnlyDictionary<string, string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in files.OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => new[] { file.Key, file.Value }).Prepend(dockerfile))
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static readonly Dictionary<string, string> Nothing = [];
}
