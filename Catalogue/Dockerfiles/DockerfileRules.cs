using Orrery.Catalogue.Documents;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>Holds the final stage of a file, with the stages that it continues, against what production asks of an image.</summary>
/// <remarks>Secrets are looked for in all stages: the file itself is read by more people than the image.</remarks>
internal sealed class DockerfileRules
{
    private static readonly string[] Labels = ["title", "licenses", "version"];
    private static readonly string[] Shells = ["sh", "bash", "dash", "ash", "zsh", "ksh"];
    private static readonly string[] Interpreters = ["python", "python3", "perl", "ruby", "node", "php"];
    private static readonly string[] Addresses = ["http://", "https://", "git://", "ssh://", "git@"];
    private static readonly string[] SecretFiles = [".env", ".netrc", ".npmrc", ".pypirc", ".git-credentials", "id_rsa", "id_ed25519"];
    private static readonly string[] Weights = [".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".onnx"];

    private readonly DockerfileExpectations _expected;
    private readonly Dockerfile _file;
    private readonly Stage _final;
    private readonly List<Instruction> _instructions;
    private readonly List<DockerfileFinding> _findings = [];

    private DockerfileRules(Dockerfile file, DockerfileExpectations expected)
    {
        (_file, _expected, _final) = (file, expected, file.Stages[^1]);
        _instructions = [.. Chain(_final).Reverse().SelectMany(stage => stage.Instructions)];
    }

    /// <summary>All findings, in the order of the file. A file without stages has none: the parser has said so already.</summary>
    public static IReadOnlyList<DockerfileFinding> Check(Dockerfile file, DockerfileExpectations expected) =>
        file.Stages.Count == 0 ? [] : new DockerfileRules(file, expected).CheckAll();

    private List<DockerfileFinding> CheckAll()
    {
        CheckBase();
        CheckFrontend();
        CheckFrom();
        CheckSecrets();
        CheckSources();
        CheckCommands();
        CheckUser();
        CheckStart();
        CheckHealth();
        CheckPort();
        CheckLabels();
        var sorted = _findings.OrderBy(finding => finding.At.Line).ThenBy(finding => finding.At.Column).ToLookup(finding => finding.Severity);
        return [.. sorted[FindingSeverity.Error].Take(DocumentLimits.MaxErrors).Concat(sorted[FindingSeverity.Warning].Take(DocumentLimits.MaxErrors)).OrderBy(finding => finding.At.Line).ThenBy(finding => finding.At.Column)];
    }

    private static IEnumerable<Stage> Chain(Stage stage)
    {
        for (var next = stage; next is not null; next = next.Parent)
        {
            yield return next;
        }
    }

    private void Error(string rule, Position at, string? found, string expectation, string remedy) =>
        _findings.Add(new DockerfileFinding(rule, FindingSeverity.Error, at, DockerfileFaults.Shorten(found), expectation, remedy));

    private void Warning(string rule, Position at, string? found, string expectation, string remedy) =>
        _findings.Add(new DockerfileFinding(rule, FindingSeverity.Warning, at, DockerfileFaults.Shorten(found), expectation, remedy));

    private void CheckBase()
    {
        const string Expectation = "an image with a tag other than latest, or with a digest";
        var first = Chain(_final).Last();
        if (first.Image is { Digest: null } image && IsMoving(image.Tag))
        {
            Error(
                "base-image-unpinned", first.Base.At, image.ToString(), Expectation,
                "Name the version that was tested; what latest is changes from one day to the next.");
        }
        else if (!first.Base.IsResolved)
        {
            Error(
                "base-image-unpinned", first.Base.At, first.Base.Written, Expectation,
                "Give the ARG a default that names a version: without one, nobody can tell what is built on.");
        }
    }

    /// <summary>The image that <c># syntax=</c> names is run by whoever builds.</summary>
    private void CheckFrontend()
    {
        var syntax = _file.Directives.FirstOrDefault(directive => directive.Name.Equals("syntax", StringComparison.OrdinalIgnoreCase));
        if (syntax is not null && ImageReference.Parse(syntax.Value) is not { Registry: null or "docker.io", Repository: "docker/dockerfile" or "docker/dockerfile-upstream" })
        {
            Error("frontend-unknown", syntax.At, syntax.Value, "docker/dockerfile, or no syntax at all", "The builder runs that image as it reads the file: take the line out.");
        }
    }

    /// <summary>What is copied or mounted from an image that is no stage.</summary>
    private void CheckFrom()
    {
        foreach (var instruction in _instructions)
        {
            var flags = instruction.Name == "COPY" ? instruction.Flags.Where(flag => flag.Name == "from").Select(flag => (flag.At, From: flag.Value))
                : instruction.Name == "RUN" ? instruction.Flags.Where(flag => flag.Name == "mount").Select(flag => (flag.At, From: MountedFrom(flag.Value)))
                : [];
            foreach (var (at, from) in flags)
            {
                var isStage = from is null || from.Contains('$') || from.All(char.IsAsciiDigit) || _file.Stages.Any(stage => stage.Name == from.ToLowerInvariant());
                if (!isStage && ImageReference.Parse(from!) is { Digest: null } other && IsMoving(other.Tag))
                {
                    Error("base-image-unpinned", at, from, "an image with a tag other than latest, or with a digest", "Name the version that was tested; what latest is changes from one day to the next.");
                }
            }
        }
    }

    /// <summary>Tags that are another image tomorrow, by their names.</summary>
    /// <remarks>Beside a version some of these words are a flavour: <c>12.4.1-devel</c>; with a date or a commit all are.</remarks>
    private static bool IsMoving(string? tag)
    {
        var parts = tag?.ToLowerInvariant().Split('-', '_') ?? [];
        return tag is null || (parts is [var only] && MovingNames.Contains(only))
            || (parts.Any(MovingWords.Contains) && !parts.Any(part => part.Length >= 7 && part.All(char.IsAsciiHexDigit)));
    }

    private static readonly string[] MovingWords = ["latest", "nightly", "rolling", "canary", "edge"];

    private static readonly string[] MovingNames = [.. MovingWords, "main", "master", "dev", "devel", "stable", "unstable"];

    private static string? MountedFrom(string? mount) =>
        mount?.Split(',').FirstOrDefault(option => option.StartsWith("from=", StringComparison.OrdinalIgnoreCase)) is { } option ? option["from=".Length..].Trim('"') : null;

    private void CheckSecrets()
    {
        foreach (var instruction in _file.GlobalArguments.Concat(_file.Stages.SelectMany(stage => stage.Instructions)))
        {
            foreach (var pair in instruction.Pairs.Where(pair => pair.Value is { Length: > 0 }))
            {
                var isSecret = pair.IsResolved && SecretSigns.IsValue(pair.Value!);
                var isNamedSo = instruction.Name != "LABEL" && SecretSigns.IsName(pair.Name);
                if (isSecret || isNamedSo)
                {
                    Error(
                        $"secret-in-{instruction.Name.ToLowerInvariant()}", pair.At, $"{pair.Name}=…",
                        "no secret: everybody who has the image can read it", "Give it to the container when it starts, or to the build with RUN --mount=type=secret.");
                }
            }

            var at = instruction.Name is "ENV" or "ARG" or "LABEL" ? -1 : SecretSigns.Find(instruction.Text.Value);
            var heredoc = instruction.Heredocs.FirstOrDefault(heredoc => SecretSigns.IsValue(heredoc.Content));
            if (at >= 0 || heredoc is not null)
            {
                Error(
                    "secret-in-command", at >= 0 ? instruction.Text.At(at) : heredoc!.At, $"{instruction.Name} …",
                    "no secret: it stays in the image's history", "Give it to the build with RUN --mount=type=secret.");
            }
        }
    }

    private void CheckSources()
    {
        foreach (var instruction in _instructions.Where(instruction => instruction.Name is "ADD" or "COPY" && instruction.Arguments.Count > 1))
        {
            foreach (var source in instruction.Arguments.SkipLast(1))
            {
                if (instruction.Name == "ADD" && instruction.Flag("checksum") is null && IsUnpinnedAddress(source.Value))
                {
                    Error(
                        "add-url-without-checksum", source.At, source.Value, "--checksum=sha256:… for what comes from elsewhere",
                        "Add the checksum of the file that was tested, or COPY a file of your own.");
                }

                if (instruction.Flag("from") is null && (SecretFiles.Contains(source.Value[(source.Value.LastIndexOf('/') + 1)..]) || source.Value.EndsWith(".aws/credentials", StringComparison.Ordinal)))
                {
                    Error(
                        "secret-copied", source.At, source.Value, "no file that holds secrets: everybody who has the image can read it",
                        "Give it to the container when it starts, or to the build with RUN --mount=type=secret.");
                }

                if (Weights.Any(ending => source.Value.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
                {
                    Error(
                        "weights-in-image", source.At, source.Value, "no weights in the image",
                        "Mount them when the container starts, or let it load them into a volume.");
                }
            }
        }
    }

    private static bool IsUnpinnedAddress(string source)
    {
        var isAddress = Addresses.Any(start => source.StartsWith(start, StringComparison.OrdinalIgnoreCase));
        var commit = source.IndexOf(".git#", StringComparison.Ordinal) is > 0 and var at ? source[(at + 5)..].Split(':')[0] : "";
        return isAddress && !(commit.Length == 40 && commit.All(char.IsAsciiHexDigit));
    }

    private void CheckCommands()
    {
        foreach (var run in _instructions.Where(instruction => instruction.Name == "RUN"))
        {
            var commands = RunCommands.Of(run);
            CheckPipes(commands);
            CheckDownloads(run, commands);
            CheckPip(commands);
            CheckApt(run, commands);
        }
    }

    private void CheckPipes(IReadOnlyList<PlacedCommand> commands)
    {
        var isDownload = false;
        foreach (var (command, at) in commands)
        {
            isDownload = (isDownload && command.IsPiped) || IsDownload(command);
            var isShell = Shells.Contains(command.Program);
            var runsIt = command.IsPiped && isDownload && (isShell || Interpreters.Contains(command.Program));
            var substitutes = (isShell || command.Program is "eval" or "source" or ".") && command.Bare.Any(HasDownload);
            if (runsIt || substitutes)
            {
                Error(
                    "pipe-to-shell", at, string.Join(' ', command.Words), "no program that is run as it comes from the network",
                    "Download it, check its checksum, then run it; or install a package.");
            }
        }
    }

    private static bool IsDownload(ShellCommand command) => command.Program is "curl" or "wget";

    private static bool HasDownload(string word) =>
        new[] { "$(", "<(", "`" }.Any(sign => new[] { "curl ", "wget " }.Any(program => word.Contains(sign + program, StringComparison.Ordinal)));

    private void CheckDownloads(Instruction run, IReadOnlyList<PlacedCommand> commands)
    {
        const string Expectation = "no weights in the image";
        const string Remedy = "Mount them when the container starts, or let it load them into a volume.";
        foreach (var (command, at) in commands)
        {
            var words = command.Bare;
            var isHub = command.Program is "huggingface-cli" or "hf" && words.Skip(1).FirstOrDefault() == "download";
            var isFile = IsDownload(command) && words.Any(word => Weights.Any(ending => word.Split('?')[0].EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
            var isClone = command.Program == "git" && words.Contains("clone") && words.Any(word => word.Contains("huggingface.co/", StringComparison.Ordinal));
            if (isHub || isFile || isClone)
            {
                Error("weights-in-image", at, string.Join(' ', words), Expectation, Remedy);
            }
        }

        var python = run.Text.Value.IndexOf("snapshot_download", StringComparison.Ordinal);
        var heredoc = run.Heredocs.FirstOrDefault(heredoc => heredoc.Content.Contains("snapshot_download", StringComparison.Ordinal));
        if (python >= 0 || heredoc is not null)
        {
            Error("weights-in-image", python >= 0 ? run.Text.At(python) : heredoc!.At, "snapshot_download", Expectation, Remedy);
        }
    }

    private void CheckPip(IReadOnlyList<PlacedCommand> commands)
    {
        foreach (var (command, at) in commands)
        {
            foreach (var unpinned in PipRequirement.Installed(command) is { } words ? PipRequirement.Unpinned(words) : [])
            {
                var report = unpinned is "pip" or "setuptools" or "wheel" ? (Action<string, Position, string?, string, string>)Warning : Error;
                report(
                    "pip-unpinned", at, unpinned, "a version: name==1.2.3, -r with a file, a path, or a URL with a tag or hash",
                    "Name the version that was tested; otherwise each build gets what is newest that day.");
            }
        }
    }

    private void CheckApt(Instruction run, IReadOnlyList<PlacedCommand> commands)
    {
        var apt = commands.Where(command => command.Command.Program is "apt-get" or "apt").ToList();
        var install = apt.FirstOrDefault(command => command.Command.Bare.Contains("install"));
        if (install is null)
        {
            return;
        }

        var found = string.Join(' ', install.Command.Bare);
        if (!apt.TakeWhile(command => command != install).Any(command => command.Command.Bare.Contains("update")))
        {
            Error(
                "apt-without-update", install.At, found, "apt-get update before it, in the same RUN",
                "A RUN of its own is cached, and the lists with it, long after the packages in them are gone.");
        }

        // A cache mount over the lists is not part of the image.
        var isMounted = run.Flags.Any(flag => flag.Name == "mount" && flag.Value?.Contains("/var/lib/apt", StringComparison.Ordinal) == true);
        var removed = commands.Where(command => command.Command.Program == "rm").SelectMany(command => command.Command.Bare);
        var isCleaned = removed.Any(word => word.StartsWith("/var/lib/apt/lists", StringComparison.Ordinal));
        if (!isMounted && !isCleaned)
        {
            Warning(
                "apt-lists-left", install.At, found, "rm -rf /var/lib/apt/lists/* at the end of the same RUN",
                "What a later RUN deletes stays in the layer of this one.");
        }
    }

    private void CheckUser()
    {
        if (_expected.MayBeRoot)
        {
            return;
        }

        const string Expectation = "a user other than root at the end";
        const string Remedy = "End with USER and a number, such as USER 10001:10001; Kubernetes checks runAsNonRoot by the number.";
        var user = _instructions.LastOrDefault(instruction => instruction.Name == "USER");
        var argument = user?.Arguments.FirstOrDefault();
        if (argument is null)
        {
            Error("root-user", _final.From.At, null, Expectation, Remedy);
        }
        else if (!argument.IsResolved)
        {
            Warning("root-user", argument.At, argument.Written, Expectation, Remedy);
        }
        else if (argument.Value.Split(':')[0].TrimStart('+', '-', '0') is "" or "root")
        {
            Error("root-user", argument.At, argument.Value, Expectation, Remedy);
        }
    }

    private void CheckStart()
    {
        foreach (var name in new[] { "ENTRYPOINT", "CMD" })
        {
            foreach (var repeated in _final.Instructions.Where(instruction => instruction.Name == name).SkipLast(1))
            {
                Error("start-repeated", repeated.At, repeated.Name, $"one {name}", "Only the last one counts: take this one out.");
            }
        }

        var entrypoint = _instructions.LastOrDefault(instruction => instruction.Name == "ENTRYPOINT");
        var command = _instructions.LastOrDefault(instruction => instruction.Name == "CMD");
        var starts = entrypoint ?? command;
        if (starts is null)
        {
            Error(
                "start-missing", _final.From.At, null, "an ENTRYPOINT or a CMD",
                "Write ENTRYPOINT [\"program\", \"argument\"]: what the base image starts is not known here.");
        }

        foreach (var shell in new[] { entrypoint, command }.OfType<Instruction>().Where(instruction => !instruction.IsExecForm))
        {
            Error(
                "start-in-shell", shell.At, $"{shell.Name} {shell.Text.Value}", "the exec form: a JSON array",
                "A shell in between does not pass SIGTERM on, and the container is killed instead of ending.");
        }
    }

    private void CheckHealth()
    {
        var health = _instructions.LastOrDefault(instruction => instruction.Name == "HEALTHCHECK");
        if (health is null || health.Keyword == "NONE")
        {
            Error(
                "healthcheck-missing", (health?.At ?? _final.From.At), health is null ? null : "HEALTHCHECK NONE", "HEALTHCHECK CMD …",
                "Ask the server itself whether it is well, at the port that it serves on.");
            return;
        }

        if (_expected.Port is not { } port)
        {
            return;
        }

        var text = string.Join(' ', health.Arguments.Select(argument => argument.Value));
        var ports = HealthPorts.In(Environment(text));
        if (!ports.Numbers.Contains(port) && ports.Named.Count > 0)
        {
            Error("healthcheck-port", health.At, string.Join(", ", ports.Named), $"port {port}", $"Ask http://127.0.0.1:{port}, where the server is.");
        }
        else if (!ports.Numbers.Contains(port))
        {
            Warning("healthcheck-port", health.At, text, $"a check that names port {port}", $"It cannot be seen where this one asks: write the port out.");
        }
    }

    /// <summary>A health check's variables are the shell's, which has what ENV has set.</summary>
    private string Environment(string text)
    {
        var scope = new VariableScope(isGlobal: false);
        foreach (var (name, value) in _final.Environment)
        {
            scope.Set(name, value);
        }

        var expansion = new WordLexer(text, scope, '\\', new ExpansionBudget()).Expand();
        return expansion.Fault is null ? expansion.Text : text;
    }

    private void CheckPort()
    {
        var exposed = _instructions.Where(instruction => instruction.Name == "EXPOSE").SelectMany(instruction => instruction.Arguments).ToList();
        if (_expected.Port is { } port && !exposed.Exists(argument => ExposedPorts.Parse(argument.Value) is { Protocol: "tcp" } ports && ports.Contains(port)))
        {
            Error(
                "port-not-exposed", exposed.Count > 0 ? exposed[0].At : _final.From.At,
                exposed.Count > 0 ? string.Join(' ', exposed.Select(argument => argument.Value)) : null, $"EXPOSE {port}",
                "Name the port that the server listens on.");
        }
    }

    private void CheckLabels()
    {
        var given = _instructions.Where(instruction => instruction.Name == "LABEL").SelectMany(instruction => instruction.Pairs)
            .Where(pair => pair.Value is { Length: > 0 }).Select(pair => pair.Name).ToHashSet(StringComparer.Ordinal);
        var missing = Labels.Where(label => !given.Contains(Name(label))).ToList();
        if (!given.Contains(Name("source")) && !given.Contains(Name("url")))
        {
            missing.Add("source");
        }

        foreach (var label in missing)
        {
            Warning(
                "label-missing", _final.From.At, null, $"LABEL {Name(label)}=…",
                "Whoever finds the image in a registry learns from it what it is and where it comes from.");
        }

        static string Name(string label) => "org.opencontainers.image." + label;
    }
}
