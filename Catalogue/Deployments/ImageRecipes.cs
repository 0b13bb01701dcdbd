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
    /// <returns>The recipe, or why there is none; with what is being asked for it.</returns>
    /// <param name="model">As it is declared: the commit that is kept is the command's affair, and makes no other image.</param>
    public async Task<RecipeAnswer> FindAsync(ModelSpec model, ServerTable table, DeploymentQuestion question, string caller, CancellationToken cancellationToken)
    {
        if (model.Dockerfile is null && table.Program is { } program)
        {
            return new RecipeAnswer(null, $"The image of {model.Id} holds the program of our own server '{program}', which this release does not have. Build one of your own (GET /models/{model.Id}/dockerfile shows what it stands on) and name it in spec.image.");
        }

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

        return new RecipeAnswer(
            new ImageRecipe
            {
                ModelId = model.Id,
                Dockerfile = DockerfileRenderer.Render(model, table, new StartOptions(), new PinSet(kept)),
                Files = model.Files ?? new Dictionary<string, string>(),
                Bases = bases,
                Fingerprint = FingerprintOf(declared, model.Files),
            },
            Pending: pending);
    }

    private static string FingerprintOf(string dockerfile, IReadOnlyDictionary<string, string>? files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (files ?? new Dictionary<string, string>()).OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => new[] { file.Key, file.Value }).Prepend(dockerfile))
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <param name="Fault">Why no image can be built, with the remedy.</param>
/// <param name="Pending">What is being asked just now, as a sentence.</param>
internal sealed record RecipeAnswer(ImageRecipe? Recipe, string? Fault = null, string? Pending = null);
