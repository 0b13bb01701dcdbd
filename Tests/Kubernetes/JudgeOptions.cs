namespace Orrery.Tests.Kubernetes;

/// <summary>What a judge cannot see in the rendered documents.</summary>
internal sealed record JudgeOptions
{
    /// <summary>The namespace that the chart was rendered for: objects without one are in it.</summary>
    public string Namespace { get; init; } = "orrery";

    /// <summary>Objects that somebody else creates, as <c>Kind/name</c>, for example <c>Secret/registry</c>.</summary>
    public IReadOnlyCollection<string> External { get; init; } = [];

    /// <summary>House rules that an object may break.</summary>
    public IReadOnlyCollection<Excuse> Excuses { get; init; } = [];
}

/// <summary>A house rule that one object may break.</summary>
/// <param name="Object"><c>Kind/name</c>.</param>
/// <param name="Field">The last name in the finding's path, for example <c>readOnlyRootFilesystem</c>.</param>
/// <param name="Reason">Why; for the reader.</param>
internal sealed record Excuse(string Object, string Field, string Reason);
