namespace Orrery.Contracts;

/// <summary>A LoRA adapter: small weights on top of the model's, served under an id of its own.</summary>
public sealed record AdapterSpec
{
    public required string Id { get; init; }

    public string? Repo { get; init; }

    public string? Revision { get; init; }

    public string? Path { get; init; }

    public WeightsSource Source => new() { Repo = Repo, Revision = Revision, Path = Path };
}
