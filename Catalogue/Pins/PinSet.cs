using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Pins;

/// <summary>What a namespace's references mean now, with their histories.</summary>
/// <param name="pins">The newest of a reference first.</param>
internal sealed class PinSet(IEnumerable<Pin> pins)
{
    public static readonly PinSet Empty = new([]);

    private readonly ILookup<(string Kind, string Reference), Pin> _pins = pins.ToLookup(pin => (pin.Kind, pin.Reference));

    public Pin? Find(Pinnable wanted) => _pins[(wanted.Kind, wanted.Reference)].FirstOrDefault();

    /// <summary>All that a reference has meant, the newest first.</summary>
    public IEnumerable<Pin> HistoryOf(Pinnable wanted) => _pins[(wanted.Kind, wanted.Reference)];

    /// <summary>The model at the commit that is kept for it, where its entry names none.</summary>
    public ModelSpec Apply(ModelSpec model) =>
        model.Repo is { } repo && Pinnable.OfRevision(repo, model.Revision) is { Value: null } wanted && Find(wanted) is { } pin ? model with { Revision = pin.Value } : model;

    /// <summary>An image with the digest that is kept for it.</summary>
    public string Apply(string image, string? digest) =>
        (digest ?? Find(new Pinnable(PinKinds.Image, image, null))?.Value) is { } known ? $"{image}@{known}" : image;

    /// <summary>A Dockerfile of somebody's own: each image after FROM that has no digest gets the one that is kept for it, and nothing else changes.</summary>
    public string ApplyToDockerfile(string text)
    {
        if (_pins.Count == 0)
        {
            return text;
        }

        var mark = text.StartsWith('\uFEFF') ? 1 : 0; // It is no part of the first line.
        var lines = text[mark..].Split('\n');
        foreach (var stage in Dockerfile.Parse(text, new FieldErrorList()).Stages.Where(stage => stage.Image is { Digest: null }))
        {
            var (written, at) = (stage.Base.Written, stage.Base.At);
            if (at.Line <= lines.Length && at.Column <= lines[at.Line - 1].Length && lines[at.Line - 1].AsSpan(at.Column - 1).StartsWith(written, StringComparison.Ordinal))
            {
                lines[at.Line - 1] = string.Concat(lines[at.Line - 1].AsSpan(0, at.Column - 1), Apply($"{stage.Image}", null), lines[at.Line - 1].AsSpan(at.Column - 1 + written.Length));
            }
        }

        return string.Concat(text.AsSpan(0, mark), string.Join('\n', lines));
    }
}
