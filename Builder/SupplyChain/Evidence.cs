namespace Orrery.Builder.SupplyChain;

/// <summary>What was put beside an image in its registry.</summary>
/// <param name="Sbom">Digest of what holds the list of its parts.</param>
/// <param name="Packages">How many it lists.</param>
/// <param name="NotRead">What it does not list, and why: sentences without their dots.</param>
/// <param name="Provenance">Digest of what holds how it was built.</param>
/// <param name="Findings">What a scanner found, by severity; absent: nothing was scanned.</param>
/// <param name="SignedBy">The beginning of the key's digest; absent: it is not signed.</param>
internal sealed record Evidence(string Sbom, int Packages, IReadOnlyList<string>? NotRead, string Provenance, IReadOnlyDictionary<string, int>? Findings, string? SignedBy);
