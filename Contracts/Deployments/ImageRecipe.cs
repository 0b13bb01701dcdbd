namespace Orrery.Contracts;

/// <summary>What a model's image is made of, whoever builds it.</summary>
public sealed record ImageRecipe
{
    /// <summary>The model's public id.</summary>
    public required string ModelId { get; init; }

    /// <summary>With the digest of each base that one is known of.</summary>
    public required string Dockerfile { get; init; }

    /// <summary>The build context: paths below it, and what stands in these files.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init => field = value ?? Nothing; } = Nothing;

    /// <summary>The images that it stands on.</summary>
    public IReadOnlyList<RecipeBase> Bases { get; init => field = value ?? []; } = [];

    /// <summary>Of what is declared: a base whose digest becomes another changes the image that is built next, and not this.</summary>
    public required string Fingerprint { get; init; }

    private static readonly Dictionary<string, string> Nothing = [];
}

/// <param name="Reference">As the Dockerfile writes it, without what was found out.</param>
/// <param name="Digest">Absent: not known here; what builds may have it all the same.</param>
/// <param name="Message">Why it is not known, with the remedy.</param>
public sealed record RecipeBase(string Reference, string? Digest, string? Message = null);
