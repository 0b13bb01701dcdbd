namespace Orrery.Builder.Targets.Diagnosis;

/// <summary>What is wrong, said once.</summary>
/// <param name="Reason">A word for programs, one of <see cref="ReplicaReasons"/> where no waiting mends it.</param>
/// <param name="Message">One sentence, with the remedy.</param>
internal sealed record Finding(string Reason, string Message);
