namespace Orrery.Contracts;

/// <summary>A value of a Secret as the snapshot carries it: sealed, for the context of the place that it was copied from.</summary>
/// <param name="Secret">The Secret's name.</param>
/// <param name="Key">The key in it; together with the name it says which credential is meant without telling it.</param>
/// <param name="Value">Bound to <see cref="SecretContext"/> of the three names.</param>
public sealed record SnapshotSecret(string Secret, string Key, SealedSecret Value);
