using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Pins;

/// <summary>A name in a model's entry that may come to mean something else.</summary>
/// <param name="Value">What the entry itself pins it to.</param>
internal sealed record Pinnable(string Kind, string Reference, string? Value)
{
    private const string DefaultRevision = "main";
    private const int CommitLength = 40;

    /// <summary>A model's repository, and what its image is built on for this server.</summary>
    public static IReadOnlyList<Pinnable> Of(ModelSpec model, ServerTable table) =>
        model.Repo is { } repo ? [OfRevision(repo, model.Revision), .. OfImages(model, table)] : [.. OfImages(model, table)];

    public static Pinnable OfRevision(string repo, string? revision) => new(PinKinds.Revision, $"{repo}@{revision ?? DefaultRevision}", IsCommit(revision) ? revision : null);

    public static bool IsCommit(string? revision) => revision?.Length == CommitLength && revision.All(char.IsAsciiHexDigitLower);

    /// <summary>A Dockerfile of the entry's own has as many bases as stages that begin with an image.</summary>
    public static IEnumerable<Pinnable> OfImages(ModelSpec model, ServerTable table)
    {
        if (model.Dockerfile is { } own)
        {
            return Dockerfile.Parse(own, new FieldErrorList()).Stages.Select(stage => stage.Image).OfType<ServiceDefaults.Registries.ImageReference>().Distinct()
                .Select(image => new Pinnable(PinKinds.Image, $"{image}", image.Digest));
        }

        var (name, digest) = DockerfileRenderer.BaseOf(model, table);
        return [new Pinnable(PinKinds.Image, name, digest)];
    }
}
