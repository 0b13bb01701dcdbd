namespace Orrery.Contracts;

/// <summary>A team of a namespace, for the keys that name it.</summary>
public sealed record SnapshotTeam
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public IReadOnlyList<string> Tags { get; init => field = value ?? []; } = [];

    public Limits? Limits { get; init; }

    public string Identity => $"team/{Namespace}/{Name}";
}
