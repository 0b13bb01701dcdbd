using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Dockerfiles;

internal enum FindingSeverity
{
    Warning,
    Error,
}

/// <summary>One rule that a file does not keep.</summary>
/// <param name="Rule">Its short name, such as <c>base-image-unpinned</c>.</param>
/// <param name="At">The instruction, or the command within it; the last FROM where something is missing.</param>
/// <param name="Found">What stands there; never a secret itself.</param>
internal sealed record DockerfileFinding(string Rule, FindingSeverity Severity, Position At, string? Found, string Expectation, string Remedy)
{
    public int Line => At.Line;
}

/// <summary>What an image must be able to do in production.</summary>
/// <param name="Port">The one that it serves on; <c>null</c>: none.</param>
/// <param name="MayBeRoot">Its base cannot run as anybody else.</param>
internal sealed record DockerfileExpectations(int? Port = null, bool MayBeRoot = false);
