using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>One instruction with all its lines.</summary>
/// <param name="Name">In capitals.</param>
internal sealed record Instruction(Position At, string Name)
{
    public IReadOnlyList<InstructionFlag> Flags { get; init; } = [];

    /// <summary>All after the flags: the shell's command where <see cref="IsExecForm"/> is false. Comments and line ends within are gone.</summary>
    public required PlacedText Text { get; init; }

    /// <summary>A JSON array, which no shell reads.</summary>
    public bool IsExecForm { get; init; }

    /// <summary>The exec form's members, or the words, or the one text; none where <see cref="Pairs"/> are.</summary>
    public IReadOnlyList<InstructionArgument> Arguments { get; init; } = [];

    /// <summary>Of ENV, LABEL and ARG.</summary>
    public IReadOnlyList<NamedValue> Pairs { get; init; } = [];

    public IReadOnlyList<Heredoc> Heredocs { get; init; } = [];

    /// <summary>CMD or NONE after HEALTHCHECK.</summary>
    public string? Keyword { get; init; }

    /// <summary>What ONBUILD is to run.</summary>
    public Instruction? Trigger { get; init; }

    public string? Flag(string name) => Flags.FirstOrDefault(flag => flag.Name == name)?.Value;
}

/// <summary><c>--name=value</c>; a switch such as <c>--link</c> has no value.</summary>
internal sealed record InstructionFlag(Position At, string Name, string? Value);

/// <param name="Written">With its quotes and variables.</param>
/// <param name="Value">Expanded, where the instruction expands.</param>
/// <param name="IsResolved">Whether no variable is left whose value only the build or the base image knows.</param>
internal sealed record InstructionArgument(Position At, string Written, string Value, bool IsResolved = true);

/// <param name="Value"><c>null</c> for an ARG without a default.</param>
/// <param name="IsResolved">As in <see cref="InstructionArgument"/>.</param>
internal sealed record NamedValue(Position At, string Name, string? Value, bool IsResolved = true);

/// <param name="At">Of its <c>&lt;&lt;</c>.</param>
/// <param name="Expands">Whether variables within mean something: its name stands without quotes.</param>
/// <param name="Content">With its line ends; tabs are cut off already where <c>&lt;&lt;-</c> asks for it.</param>
internal sealed record Heredoc(Position At, string Name, bool Expands, string Content, int FirstLine);
