using System.Text;
using Orrery.Catalogue.Documents;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>Instructions → stages.</summary>
internal sealed class DockerfileReader
{
    /// <summary>Each stage remembers what its parent set; files have a handful.</summary>
    private const int MaxStages = 100;

    private readonly DockerfileFaults _faults;
    private readonly DockerfileLines _lines;
    private readonly InstructionReader _instructions;
    private readonly VariableScope _arguments = new(isGlobal: true);
    private readonly List<Instruction> _globals = [];
    private readonly List<Stage> _stages = [];
    private readonly Dictionary<string, Stage> _named = new(StringComparer.OrdinalIgnoreCase);

    // Of the stage that is being read.
    private readonly List<Instruction> _current = [];
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);
    private VariableScope _scope = new(isGlobal: false);
    private bool _isBeforeFromReported;

    private DockerfileReader(string text, DockerfileFaults faults)
    {
        _faults = faults;
        _lines = new DockerfileLines(text, faults);
        _instructions = new InstructionReader(_lines, faults);
    }

    public static Dockerfile Read(string text, FieldErrorList errors)
    {
        var faults = new DockerfileFaults(errors);
        if (text.Length > Dockerfile.MaxBytes || Encoding.UTF8.GetByteCount(text) > Dockerfile.MaxBytes)
        {
            faults.Add(
                "", null, $"at most {Dockerfile.MaxBytes / 1024} KB of text", "Put long scripts into files of their own, and COPY them.", new Position(1, 1));
            return new Dockerfile();
        }

        return new DockerfileReader(text, faults).ReadAll();
    }

    private Dockerfile ReadAll()
    {
        while (_lines.Next() is { } line && _stages.Count <= MaxStages)
        {
            var isArgument = _stages.Count == 0 && StartsWith(line.Value, "ARG");
            var isFrom = StartsWith(line.Value, "FROM");
            if (_instructions.Read(line, isArgument || isFrom ? _arguments : _scope, _arguments) is { } instruction)
            {
                Add(instruction);
            }
        }

        EndStage();
        RequireStages();
        return new Dockerfile { Directives = _lines.Directives, GlobalArguments = _globals, Stages = _stages, Notes = _faults.Notes };
    }

    private void Add(Instruction instruction)
    {
        if (instruction.Name == "FROM")
        {
            EndStage();
            BeginStage(instruction);
        }
        else if (_stages.Count > 0)
        {
            _current.Add(instruction);
            RequireKnownSource(instruction);
            foreach (var pair in instruction.Name == "ENV" ? instruction.Pairs : [])
            {
                _environment[pair.Name] = pair.Value ?? "";
            }
        }
        else if (instruction.Name == "ARG")
        {
            _globals.Add(instruction);
        }
        else if (!_isBeforeFromReported)
        {
            _isBeforeFromReported = true;
            _faults.Add(instruction.Name, null, "a FROM before it", "Only ARG, comments and directives may stand before the first FROM.", instruction.At);
        }
    }

    private void BeginStage(Instruction from)
    {
        var written = from.Arguments.Count > 0 ? from.Arguments[0] : new InstructionArgument(from.At, "", "", IsResolved: false);
        var parent = written.IsResolved ? _named.GetValueOrDefault(written.Value) : null;
        var stage = new Stage(from, _stages.Count)
        {
            Base = written,
            Parent = parent,
            Image = parent is null ? ReadImage(from, written) : null,
            Name = ReadName(from),
        };
        _stages.Add(stage);
        if (_stages.Count > MaxStages)
        {
            _faults.Add("FROM", null, $"at most {MaxStages} stages", "What comes after this one is not read.", from.At);
        }

        RegisterName(stage);
        _scope = new VariableScope(isGlobal: false);
        foreach (var (name, value) in parent?.Environment ?? new Dictionary<string, string>())
        {
            _environment[name] = value;
            _scope.Set(name, value);
        }
    }

    /// <summary>A name refers to the stage before, where another stage takes the same name as its base.</summary>
    private void RegisterName(Stage stage)
    {
        if (stage.Name is null)
        {
            return;
        }

        if (_named.TryGetValue(stage.Name, out var other))
        {
            _faults.Note(
                "FROM", stage.Name, $"a name that no other stage has; the one on line {other.From.At.Line} has it", "Later references mean this one.",
                stage.From.Arguments[2].At);
        }

        _named[stage.Name] = stage;
    }

    private ImageReference? ReadImage(Instruction from, InstructionArgument written)
    {
        if (!written.IsResolved || written.Value == "scratch")
        {
            return null;
        }

        if (ImageReference.Parse(written.Value) is { } image)
        {
            return image;
        }

        _faults.Add(from.Name, written.Value, ImageReference.Expectation, null, written.At);
        return null;
    }

    private string? ReadName(Instruction from)
    {
        if (from.Arguments.Count == 3 && from.Arguments[1].Value.Equals("as", StringComparison.OrdinalIgnoreCase))
        {
            var name = from.Arguments[2].Value.ToLowerInvariant();
            if (char.IsAsciiLetterLower(name[0]) && name.All(sign => char.IsAsciiLetterLower(sign) || char.IsAsciiDigit(sign) || sign is '-' or '_' or '.'))
            {
                return name;
            }

            _faults.Add("FROM", from.Arguments[2].Value, "a stage's name: a letter, then letters, digits, '-', '_' and '.'", null, from.Arguments[2].At);
        }
        else if (from.Arguments.Count > 1)
        {
            _faults.Add("FROM", from.Text.Value, "an image alone, or image AS name", null, from.Arguments[1].At);
        }

        return null;
    }

    /// <summary>COPY --from takes an earlier stage by name or number, or an image; never a variable.</summary>
    private void RequireKnownSource(Instruction instruction)
    {
        if (instruction.Name != "COPY" || instruction.Flags.FirstOrDefault(flag => flag.Name == "from") is not { Value: { } source } flag)
        {
            return;
        }

        if (source.Contains('$'))
        {
            _faults.Add(
                "COPY", "--from=" + source, "the name of a stage or an image, without variables", "Name a stage with FROM ${…} AS name, and copy from that.",
                flag.At);
        }
        else if (source.Length > 0 && source.All(char.IsAsciiDigit))
        {
            if (!int.TryParse(source, out var index) || index >= _stages.Count - 1)
            {
                _faults.Add(
                    "COPY", "--from=" + source,
                    _stages.Count == 1 ? "the number of an earlier stage; there is none" : $"the number of an earlier stage: 0 to {_stages.Count - 2}", null,
                    flag.At);
            }
        }
        else if (_named.TryGetValue(source, out var stage) && stage.Index == _stages.Count - 1)
        {
            _faults.Add("COPY", "--from=" + source, "another stage than the one it stands in", null, flag.At);
        }
        else if (stage is null && ImageReference.Parse(source) is null)
        {
            _faults.Add(
                "COPY", "--from=" + source, "an earlier stage, or " + ImageReference.Expectation, DockerfileFaults.DidYouMean(source, _named.Keys), flag.At);
        }
    }

    private void EndStage()
    {
        if (_stages.Count > 0)
        {
            var ended = _stages[^1] with { Instructions = [.. _current], Environment = new Dictionary<string, string>(_environment, StringComparer.Ordinal) };
            _stages[^1] = ended;
            if (ended.Name is not null)
            {
                _named[ended.Name] = ended;
            }
        }

        _current.Clear();
        _environment.Clear();
    }

    private void RequireStages()
    {
        if (_stages.Count == 0 && !_isBeforeFromReported)
        {
            _faults.Add(
                "", null, "a FROM instruction", "FROM names the image that this one begins with, or scratch.", new Position(Math.Max(1, _lines.Line), 1));
        }
    }

    private static bool StartsWith(string line, string name) =>
        line.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (line.Length == name.Length || char.IsWhiteSpace(line[name.Length]));
}
