using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Entries;

/// <summary>A model of the catalogue: what its author wrote, and where.</summary>
/// <param name="Origin">The file, or <c>Model 'name'</c>.</param>
internal sealed record Entry(ModelSpec Spec, string Origin)
{
    /// <summary>Fields that decide whether and where a model can be served: rough ones make no recommendation.</summary>
    private static readonly string[] Deciding = ["licence", "parameters", "weights", "contextWindow", "dtype", "repo"];

    private readonly Lazy<InstanceOption?> _recommended = new(() => InstanceChoice.Recommended(Spec));

    /// <summary>Whether it comes with the service, and is not a namespace's own.</summary>
    public bool IsBuiltIn { get; init; }

    /// <summary>The engines of the providers that serve it now; empty: nobody does.</summary>
    public IReadOnlyList<string> ServedBy { get; init; } = [];

    /// <summary>Where a field stands in the text, while that is at hand.</summary>
    public Func<string, Position>? PlaceOf { get; init; }

    /// <summary>What a field is called in the text, where it has another name there: <c>modelSize</c>, <c>spec.weights</c>.</summary>
    public Func<string, string>? NameOf { get; init; }

    /// <summary>What its document says of itself, where it is a Model's.</summary>
    public ResourceMetadata? Metadata { get; init; }

    public string Id => Spec.Id;

    /// <summary>The same with other facts: a copy would keep what was found out of its own.</summary>
    public Entry As(ModelSpec spec) => new(spec, Origin) { IsBuiltIn = IsBuiltIn, ServedBy = ServedBy, PlaceOf = PlaceOf, NameOf = NameOf, Metadata = Metadata };

    /// <summary>The instance to take; <c>null</c>: none is known on which it fits.</summary>
    public InstanceOption? Recommended => _recommended.Value;

    /// <summary>Whether nothing that decides over it is a guess, so that it may be recommended.</summary>
    public bool IsSure => !Deciding.Any(name => CertaintyOf(name) == Certainty.Guess);

    /// <summary>How sure a field's value is.</summary>
    public Certainty CertaintyOf(string field) =>
        Spec.Guess?.Contains(field) == true ? Certainty.Guess
        : Spec.Verified?.Contains(field) == true ? Certainty.Verified
        : Certainty.Known;
}

internal enum Certainty
{
    /// <summary>Rough.</summary>
    Guess,

    /// <summary>General knowledge.</summary>
    Known,

    /// <summary>Seen in one of the entry's sources.</summary>
    Verified,
}
