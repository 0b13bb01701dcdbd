namespace Orrery.Contracts;

/// <summary>What the Builder asks the Catalogue, which has the namespace's credentials: what an image's tag means now.</summary>
/// <param name="Wish">As in <see cref="DeploymentQuestion"/>: with one, the registry is asked meanwhile; without one the answer is waited for.</param>
public sealed record ImageQuestion(string Namespace, string Reference, string? Wish = null);

/// <param name="Digest">Absent: not known, or not yet.</param>
/// <param name="Pending">What is being asked just now, as a sentence.</param>
/// <param name="IsMissing">There is no such image or tag. Otherwise it is only we who could not look.</param>
/// <param name="Reason">Why there is no digest, in a word.</param>
/// <param name="Message">The same as sentences, with the remedy.</param>
public sealed record ImageAnswer(string? Digest, string? Pending = null, bool IsMissing = false, string? Reason = null, string? Message = null);
