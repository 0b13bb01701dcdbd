using Orrery.Catalogue.Documents;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>A Dockerfile as BuildKit's frontend reads it; what it says is known, nothing of it is run.</summary>
/// <remarks>https://docs.docker.com/reference/dockerfile/, and moby/buildkit's frontend/dockerfile where that is silent.</remarks>
internal sealed record Dockerfile
{
    /// <summary>A file of ours has a few KB; nobody writes one beyond this by hand.</summary>
    public const int MaxBytes = 256 * 1024;

    public IReadOnlyList<DockerfileDirective> Directives { get; init; } = [];

    /// <summary>The ARG instructions before the first FROM.</summary>
    public IReadOnlyList<Instruction> GlobalArguments { get; init; } = [];

    public IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>What BuildKit takes and its author hardly meant, such as an exec form that is no JSON.</summary>
    public IReadOnlyList<FieldError> Notes { get; init; } = [];

    /// <summary>Reads all that can be read; every fault goes to <paramref name="errors"/>, with the instruction as its path.</summary>
    public static Dockerfile Parse(string text, FieldErrorList errors) => DockerfileReader.Read(text, errors);
}

/// <summary><c># syntax=…</c>, <c># escape=…</c> or <c># check=…</c> at the top of the file.</summary>
internal sealed record DockerfileDirective(Position At, string Name, string Value);

/// <summary>What one FROM begins.</summary>
internal sealed record Stage(Instruction From, int Index)
{
    /// <summary>In small letters, as other stages refer to it.</summary>
    public string? Name { get; init; }

    /// <summary>What FROM names, expanded as far as the file's own arguments go.</summary>
    public required InstructionArgument Base { get; init; }

    /// <summary>The image; <c>null</c> for <c>scratch</c>, for another stage, and where it depends on arguments of the build.</summary>
    public ImageReference? Image { get; init; }

    /// <summary>The stage that this one continues.</summary>
    public Stage? Parent { get; init; }

    public bool IsFromScratch => Parent is null && Base.Value == "scratch";

    public IReadOnlyList<Instruction> Instructions { get; init; } = [];

    /// <summary>What ENV has set at the end, of the parents too; what the base image sets is not known.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
