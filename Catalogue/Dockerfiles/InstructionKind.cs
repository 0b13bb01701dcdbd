using System.Collections.Frozen;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>How what follows an instruction's flags is taken apart.</summary>
internal enum ArgumentStyle
{
    /// <summary>All of it is one text.</summary>
    Text,

    /// <summary>At blanks, whatever quotes there are.</summary>
    Words,

    /// <summary>A JSON array of texts, or else words.</summary>
    List,

    /// <summary>A JSON array of texts, or else a text for the shell.</summary>
    Command,

    /// <summary><c>name=value …</c>, or the old <c>name value</c>.</summary>
    Pairs,

    /// <summary><c>name</c> or <c>name=value</c>, several.</summary>
    Names,

    /// <summary>CMD with a command, or NONE.</summary>
    Health,

    /// <summary>Another instruction.</summary>
    Trigger,
}

internal enum FlagStyle
{
    Switch,
    Value,
    Values,
}

/// <param name="Arguments">What is expected, where there is nothing.</param>
internal sealed record InstructionKind(string Name, ArgumentStyle Style, string Arguments, bool Expands = false)
{
    private static readonly IReadOnlyDictionary<string, FlagStyle> None = new Dictionary<string, FlagStyle>();

    public IReadOnlyDictionary<string, FlagStyle> Flags { get; init; } = None;

    public bool TakesHeredocs => Name is "RUN" or "COPY" or "ADD";

    public static FrozenDictionary<string, InstructionKind> All { get; } = new InstructionKind[]
    {
        new("ADD", ArgumentStyle.List, "sources and a destination", Expands: true)
        {
            Flags = Of(FlagStyle.Value, "chown", "chmod", "checksum").And(FlagStyle.Switch, "link", "keep-git-dir", "unpack").And(FlagStyle.Values, "exclude"),
        },
        new("ARG", ArgumentStyle.Names, "a name, or name=value", Expands: true),
        new("CMD", ArgumentStyle.Command, "a command"),
        new("COPY", ArgumentStyle.List, "sources and a destination", Expands: true)
        {
            Flags = Of(FlagStyle.Value, "from", "chown", "chmod").And(FlagStyle.Switch, "link", "parents").And(FlagStyle.Values, "exclude"),
        },
        new("ENTRYPOINT", ArgumentStyle.Command, "a command"),
        new("ENV", ArgumentStyle.Pairs, "name=value", Expands: true),
        new("EXPOSE", ArgumentStyle.Words, "a port", Expands: true),
        new("FROM", ArgumentStyle.Words, "an image, or the name of a stage", Expands: true) { Flags = Of(FlagStyle.Value, "platform") },
        new("HEALTHCHECK", ArgumentStyle.Health, "CMD and a command, or NONE")
        {
            Flags = Of(FlagStyle.Value, "interval", "timeout", "start-period", "start-interval", "retries"),
        },
        new("LABEL", ArgumentStyle.Pairs, "name=value", Expands: true),
        new("MAINTAINER", ArgumentStyle.Text, "a name"),
        new("ONBUILD", ArgumentStyle.Trigger, "another instruction"),
        new("RUN", ArgumentStyle.Command, "a command") { Flags = Of(FlagStyle.Values, "mount", "device").And(FlagStyle.Value, "network", "security") },
        new("SHELL", ArgumentStyle.Command, "a JSON array such as [\"/bin/bash\", \"-c\"]"),
        new("STOPSIGNAL", ArgumentStyle.Text, "a signal", Expands: true),
        new("USER", ArgumentStyle.Text, "a user, or user:group", Expands: true),
        new("VOLUME", ArgumentStyle.List, "paths", Expands: true),
        new("WORKDIR", ArgumentStyle.Text, "a path", Expands: true),
    }.ToFrozenDictionary(kind => kind.Name, StringComparer.OrdinalIgnoreCase);

    private static FlagTable Of(FlagStyle style, params string[] names) => new FlagTable().And(style, names);

    private sealed class FlagTable() : Dictionary<string, FlagStyle>(StringComparer.Ordinal)
    {
        public FlagTable And(FlagStyle style, params string[] names)
        {
            foreach (var name in names)
            {
                Add(name, style);
            }

            return this;
        }
    }
}
