using System.Globalization;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>What each instruction asks of its arguments, beyond their being there.</summary>
internal static class InstructionChecks
{
    private static readonly string[] MountTypes = ["bind", "cache", "tmpfs", "secret", "ssh"];

    private static readonly string[] MountOptions =
    [
        "type", "from", "source", "src", "target", "dst", "destination", "readonly", "ro", "readwrite", "rw",
        "id", "sharing", "required", "size", "mode", "uid", "gid", "env",
    ];

    private static readonly string[] Signals =
    [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR",
        "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM",
        "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
    ];

    public static void Check(Instruction instruction, DockerfileFaults faults)
    {
        switch (instruction.Name)
        {
            case "ADD" or "COPY":
                CheckSources(instruction, faults);
                break;
            case "EXPOSE":
                CheckPorts(instruction, faults);
                break;
            case "HEALTHCHECK":
                CheckHealth(instruction, faults);
                break;
            case "RUN":
                CheckRun(instruction, faults);
                break;
            case "SHELL" when !instruction.IsExecForm || instruction.Arguments.Count == 0:
                faults.Add("SHELL", instruction.Text.Value, "a JSON array such as [\"/bin/bash\", \"-c\"]", null, instruction.Text.At(0));
                break;
            case "STOPSIGNAL" when instruction.Arguments is [{ IsResolved: true } signal] && !IsSignal(signal.Value):
                faults.Add("STOPSIGNAL", signal.Value, "a signal such as SIGTERM, or its number", faults.IsFull ? null : SignalRemedy(signal.Value), signal.At);
                break;
            case "VOLUME":
                CheckVolumes(instruction, faults);
                break;
            case "MAINTAINER":
                faults.Note("MAINTAINER", null, "LABEL org.opencontainers.image.authors=…", "MAINTAINER is deprecated.", instruction.At);
                break;
            default:
                break;
        }
    }

    private static void CheckSources(Instruction instruction, DockerfileFaults faults)
    {
        if (instruction.Arguments.Count < 2)
        {
            faults.Add(
                instruction.Name, instruction.Text.Value, "sources and a destination", "The last word is where the others go to.", instruction.Text.At(0));
        }
        else if (!instruction.IsExecForm && HeredocWord.Parse(instruction.Arguments[^1].Value) is not null)
        {
            faults.Add(
                instruction.Name, instruction.Arguments[^1].Value, "a path as the destination", "A heredoc can only be a source.",
                instruction.Arguments[^1].At);
        }
    }

    private static void CheckPorts(Instruction instruction, DockerfileFaults faults)
    {
        foreach (var port in instruction.Arguments.Where(port => port.IsResolved && ExposedPorts.Parse(port.Value) is null))
        {
            var remedy = port.Value.Contains(':') ? "EXPOSE names ports of the container; where they are reached from outside is said when it is started." : null;
            faults.Add("EXPOSE", port.Value, "a port from 0 to 65535, or a range such as 8000-8010, alone or with /tcp, /udp or /sctp", remedy, port.At);
        }
    }

    private static void CheckHealth(Instruction instruction, DockerfileFaults faults)
    {
        var hasCommand = instruction.Arguments.Count > 0;
        if (instruction.Keyword is not ("CMD" or "NONE"))
        {
            var isPlainCommand = instruction.Keyword!.StartsWith('[') || hasCommand;
            faults.Add(
                "HEALTHCHECK", instruction.Keyword, "CMD and a command, or NONE", isPlainCommand ? "Write CMD before the command." : null, instruction.At);
        }
        else if (instruction.Keyword == "NONE" && hasCommand)
        {
            faults.Add("HEALTHCHECK", null, "nothing after NONE", null, instruction.Text.At(0));
        }
        else if (instruction.Keyword == "CMD" && !hasCommand)
        {
            faults.Add("HEALTHCHECK", null, "a command after CMD", null, instruction.Text.At(0));
        }

        foreach (var flag in instruction.Flags.Where(flag => flag.Value is not null))
        {
            var isValid = flag.Name switch
            {
                "retries" => int.TryParse(flag.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _),
                "interval" or "timeout" or "start-period" or "start-interval" => IsDuration(flag.Value!),
                _ => true,
            };
            if (!isValid)
            {
                faults.Add(
                    "HEALTHCHECK", $"--{flag.Name}={flag.Value}", flag.Name == "retries" ? "a whole number" : "a duration such as 500ms, 30s or 1m30s", null,
                    flag.At);
            }
        }
    }

    private static void CheckRun(Instruction instruction, DockerfileFaults faults)
    {
        foreach (var flag in instruction.Flags.Where(flag => flag.Value is not null))
        {
            IReadOnlyList<string> allowed = flag.Name switch { "network" => ["default", "none", "host"], "security" => ["insecure", "sandbox"], _ => [] };
            if (flag.Name == "mount")
            {
                CheckMount(flag, faults);
            }
            else if (allowed.Count > 0 && !allowed.Contains(flag.Value))
            {
                faults.Add(
                    "RUN", $"--{flag.Name}={flag.Value}", "one of " + string.Join(", ", allowed), DockerfileFaults.DidYouMean(flag.Value!, allowed), flag.At);
            }
        }
    }

    private static void CheckMount(InstructionFlag flag, DockerfileFaults faults)
    {
        var shown = "--mount=" + DockerfileFaults.Shorten(flag.Value); // Told for each option, and 256 KB have room for many.
        foreach (var field in flag.Value!.Split(',').TakeWhile(_ => !faults.IsFull))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (field.ToLowerInvariant(), "") : (field[..equals].ToLowerInvariant(), field[(equals + 1)..]);
            if (!MountOptions.Contains(name.Trim('"')))
            {
                var remedy = DockerfileFaults.DidYouMean(name, MountOptions);
                faults.Add("RUN", shown, "options of a mount: " + string.Join(", ", MountOptions), remedy, flag.At);
            }
            else if (name == "type" && !value.Contains('$') && !MountTypes.Contains(value.ToLowerInvariant()))
            {
                faults.Add(
                    "RUN", shown, "a type of mount: " + string.Join(", ", MountTypes), DockerfileFaults.DidYouMean(value, MountTypes),
                    flag.At);
            }
            else if (name == "from" && value.Contains('$'))
            {
                faults.Add(
                    "RUN", shown, "the name of a stage or an image, without variables",
                    "Name a stage with FROM ${…} AS name, and mount from that.", flag.At);
            }
        }
    }

    private static void CheckVolumes(Instruction instruction, DockerfileFaults faults)
    {
        foreach (var path in instruction.Arguments.Where(path => path.IsResolved && string.IsNullOrWhiteSpace(path.Value)))
        {
            faults.Add("VOLUME", path.Written, "a path", null, path.At);
        }
    }

    private static bool IsSignal(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number is > 0 and <= 64;
        }

        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        var isRealTime = name is "RTMIN" or "RTMAX" || (name.Length is 7 or 8 && name[..6] is "RTMIN+" or "RTMAX-" && name[6..].All(char.IsAsciiDigit));
        return isRealTime || Signals.Contains(name);
    }

    private static string? SignalRemedy(string text) => DockerfileFaults.DidYouMean(text, Signals.Select(name => "SIG" + name));

    /// <summary>Go's durations: numbers with units, one after the other, or 0. Not below a millisecond.</summary>
    private static bool IsDuration(string text)
    {
        var rest = text.StartsWith('+') ? text.AsSpan(1) : text;
        if (rest is "0" || text.Contains('$'))
        {
            return true;
        }

        var milliseconds = 0.0;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            var unit = Unit(rest[digits..]);
            if (unit.Length == 0)
            {
                return false;
            }

            milliseconds += number * unit.Milliseconds;
            rest = rest[(digits + unit.Length)..];
        }

        return milliseconds is 0 or >= 1 && text.Length > 0;
    }

    private static (int Length, double Milliseconds) Unit(ReadOnlySpan<char> text) => text switch
    {
        ['m', 's', ..] => (2, 1),
        ['n', 's', ..] => (2, 1e-6),
        ['u' or 'µ' or 'μ', 's', ..] => (2, 1e-3),
        ['s', ..] => (1, 1e3),
        ['m', ..] => (1, 6e4),
        ['h', ..] => (1, 3.6e6),
        _ => (0, 0),
    };
}
