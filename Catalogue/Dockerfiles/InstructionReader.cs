using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>One instruction's text → the instruction, with its flags, arguments and heredocs.</summary>
internal sealed class InstructionReader(DockerfileLines lines, DockerfileFaults faults)
{
    private static readonly char[] Blanks = [' ', '\t', '\v', '\f', '\r'];

    private readonly ExpansionBudget _budget = new();

    /// <param name="scope">What the instruction sees; ARG and ENV add to it.</param>
    /// <param name="arguments">What ARG finds the value of a bare name in: those before the first FROM.</param>
    /// <returns><c>null</c> where it is none that is known.</returns>
    public Instruction? Read(PlacedText line, VariableScope scope, VariableScope arguments)
    {
        var end = line.Value.IndexOfAny(Blanks);
        var written = end < 0 ? line.Value : line.Value[..end];
        if (!InstructionKind.All.TryGetValue(written, out var kind))
        {
            AddUnknown(written, line.At(0));
            return null;
        }

        var afterName = line.Slice(end < 0 ? line.Value.Length : end, line.Value.Length);
        var (flags, flagsEnd) = new FlagReader(kind.Name, afterName, lines.Escape, faults).Read(kind.Flags);
        var text = afterName.Slice(flagsEnd, afterName.Value.Length).Trim();
        var instruction = new Instruction(line.At(0), kind.Name) { Flags = flags, Text = text };
        if (text.Value.Length == 0)
        {
            var remedy = kind.Name is "CMD" or "ENTRYPOINT" ? $"{kind.Name} [] takes away what the base image has." : null;
            faults.Add(kind.Name, null, kind.Arguments, remedy, line.At(line.Value.Length));
            return instruction;
        }

        instruction = ReadArguments(instruction, kind, scope, arguments);
        instruction = instruction with { Heredocs = kind.TakesHeredocs && !instruction.IsExecForm ? ReadHeredocs(kind.Name, line) : [] };
        InstructionChecks.Check(instruction, faults);
        return instruction;
    }

    private void AddUnknown(string written, Position at)
    {
        if (!faults.IsFull)
        {
            faults.Add(
                "", written, "an instruction: " + string.Join(", ", InstructionKind.All.Keys.Order(StringComparer.Ordinal)),
                DockerfileFaults.DidYouMean(written, InstructionKind.All.Keys), at);
        }
    }

    private Instruction ReadArguments(Instruction instruction, InstructionKind kind, VariableScope scope, VariableScope arguments)
    {
        var (name, text) = (kind.Name, instruction.Text);
        return kind.Style switch
        {
            ArgumentStyle.Text => instruction with { Arguments = [kind.Expands ? Expand(name, text, scope) : AsWritten(text)] },
            ArgumentStyle.Words when name == "EXPOSE" => instruction with { Arguments = [.. Words(text).SelectMany(word => ExpandToWords(name, word, scope))] },
            ArgumentStyle.Words => instruction with { Arguments = [.. Words(text).Select((word, i) => i == 0 ? Expand(name, word, scope) : AsWritten(word))] },
            ArgumentStyle.List => ReadList(instruction, scope),
            ArgumentStyle.Command => ReadCommand(instruction, text),
            ArgumentStyle.Health => ReadHealth(instruction, text),
            ArgumentStyle.Pairs => instruction with { Pairs = ReadPairs(name, text, scope) },
            ArgumentStyle.Names => instruction with { Pairs = ReadNames(name, text, scope, arguments) },
            _ => ReadTrigger(instruction, text, scope, arguments),
        };
    }

    private Instruction ReadTrigger(Instruction instruction, PlacedText text, VariableScope scope, VariableScope arguments)
    {
        var name = text.Value.Split(Blanks, 2)[0].ToUpperInvariant();
        if (name is "ONBUILD" or "FROM" or "MAINTAINER")
        {
            faults.Add("ONBUILD", name, "an instruction other than ONBUILD, FROM and MAINTAINER", null, text.At(0));
            return instruction;
        }

        // What a trigger sets is set in another build: this one's scope stays as it is.
        return instruction with { Trigger = Read(text, scope.Copy(), arguments) };
    }

    private Instruction ReadHealth(Instruction instruction, PlacedText text)
    {
        var end = text.Value.IndexOfAny(Blanks);
        var keyword = end < 0 ? text.Value : text.Value[..end];
        var command = text.Slice(end < 0 ? text.Value.Length : end, text.Value.Length).Trim();
        var named = instruction with { Keyword = keyword.ToUpperInvariant(), Text = command };
        return command.Value.Length == 0 ? named : ReadCommand(named, command);
    }

    private Instruction ReadCommand(Instruction instruction, PlacedText text)
    {
        var (kind, members) = ExecForm.Read(text);
        NoteExecForm(instruction.Name, kind, text);
        return kind == ExecFormKind.Texts
            ? instruction with { IsExecForm = true, Arguments = members }
            : instruction with { Arguments = [new InstructionArgument(text.At(0), text.Value, text.Value)] };
    }

    private Instruction ReadList(Instruction instruction, VariableScope scope)
    {
        var (kind, members) = ExecForm.Read(instruction.Text);
        NoteExecForm(instruction.Name, kind, instruction.Text);
        return kind == ExecFormKind.Texts
            ? instruction with { IsExecForm = true, Arguments = [.. members.Select(member => Expand(instruction.Name, member, scope))] }
            : instruction with { Arguments = [.. Words(instruction.Text).Select(Source)] };

        InstructionArgument Source(PlacedText word) => HeredocWord.Parse(word.Value) is null ? Expand(instruction.Name, word, scope) : AsWritten(word);
    }

    private void NoteExecForm(string instruction, ExecFormKind kind, PlacedText text)
    {
        const string Expectation = "a JSON array of texts, such as [\"/app\", \"--port\", \"8000\"]";
        if (kind == ExecFormKind.NotTexts)
        {
            faults.Add(instruction, text.Value, Expectation, "Put every member into double quotes.", text.At(0));
        }
        else if (kind == ExecFormKind.Malformed && instruction != "SHELL" && !LooksLikeTest(text.Value))
        {
            faults.Note(
                instruction, text.Value, Expectation,
                "It begins like one and is no JSON, so that all of it, brackets too, is taken as words or as the shell's.", text.At(0));
        }
    }

    /// <summary><c>[ -f x ] &amp;&amp; y</c> is a shell's test: a blank stands after its bracket, and no comma after its first word.</summary>
    private static bool LooksLikeTest(string text)
    {
        if (text.Length < 2 || !char.IsWhiteSpace(text[1]))
        {
            return false;
        }

        var first = text.AsSpan(1).TrimStart();
        var quoteEnd = first.Length > 1 && first[0] is '"' or '\'' ? first[1..].IndexOf(first[0]) : -1;
        return quoteEnd < 0 || first[(quoteEnd + 2)..].TrimStart() is not [',' or ']', ..];
    }

    private List<NamedValue> ReadPairs(string instruction, PlacedText text, VariableScope scope)
    {
        var words = QuotedWords.Split(text.Value, lines.Escape);
        var pairs = words.Count > 0 && !words[0].Text.Contains('=') ? ReadOldPair(instruction, text, scope) : ReadNewPairs(instruction, text, words, scope);
        foreach (var pair in instruction == "ENV" ? pairs : [])
        {
            scope.Set(pair.Name, pair.IsResolved ? pair.Value : null);
        }

        return pairs;
    }

    private List<NamedValue> ReadOldPair(string instruction, PlacedText text, VariableScope scope)
    {
        var blank = text.Value.IndexOfAny(Blanks);
        if (blank < 0)
        {
            faults.Add(instruction, text.Value, "name=value", "A name needs a value; an empty one is written name=\"\".", text.At(0));
            return [];
        }

        faults.Note(instruction, text.Value[..blank], "name=value", $"{instruction} name value is the old way, with one name an instruction.", text.At(0));
        var value = text.Slice(blank, text.Value.Length).Trim();
        return [Pair(instruction, text.Slice(0, blank), value.Value.Length == 0 ? null : value, scope)];
    }

    private List<NamedValue> ReadNewPairs(string instruction, PlacedText text, IReadOnlyList<(string Text, int Start)> words, VariableScope scope)
    {
        var pairs = new List<NamedValue>();
        foreach (var (word, start) in words)
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                faults.Add(instruction, null, "name=value", "Put quotes around a value that has blanks.", text.At(start));
            }
            else if (equals == 0)
            {
                faults.Add(instruction, null, "a name before the '='", null, text.At(start));
            }
            else
            {
                var whole = PlacedWord(text, start, word);
                pairs.Add(Pair(instruction, whole.Slice(0, equals), whole.Slice(equals + 1, word.Length), scope));
            }
        }

        return pairs;
    }

    private List<NamedValue> ReadNames(string instruction, PlacedText text, VariableScope scope, VariableScope arguments)
    {
        var pairs = new List<NamedValue>();
        foreach (var (word, start) in QuotedWords.Split(text.Value, lines.Escape))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0)
            {
                faults.Add(instruction, null, "a name before the '='", null, text.At(start));
                continue;
            }

            var whole = PlacedWord(text, start, word);
            var pair = Pair(instruction, equals < 0 ? whole : whole.Slice(0, equals), equals < 0 ? null : whole.Slice(equals + 1, word.Length), scope);
            pairs.Add(pair);
            Declare(pair, scope, arguments);
        }

        return pairs;
    }

    private static void Declare(NamedValue pair, VariableScope scope, VariableScope arguments)
    {
        if (pair.Value is not null)
        {
            scope.Set(pair.Name, pair.IsResolved ? pair.Value : null);
        }
        else if (arguments.Has(pair.Name))
        {
            scope.Set(pair.Name, arguments.Find(pair.Name));
        }
        else if (!scope.Has(pair.Name))
        {
            scope.Set(pair.Name, null);
        }
    }

    private NamedValue Pair(string instruction, PlacedText name, PlacedText? value, VariableScope scope)
    {
        var (expandedName, expanded) = (Expand(instruction, name, scope), value is null ? null : Expand(instruction, value, scope));
        return new NamedValue(name.At(0), expandedName.Value, expanded?.Value, expanded?.IsResolved ?? true);
    }

    private InstructionArgument Expand(string instruction, PlacedText word, VariableScope scope) =>
        Expand(instruction, new InstructionArgument(word.At(0), word.Value, word.Value), scope, word);

    private InstructionArgument Expand(string instruction, InstructionArgument word, VariableScope scope, PlacedText? place = null)
    {
        var expansion = new WordLexer(word.Value, scope, lines.Escape, _budget).Expand();
        AddFaults(instruction, expansion, scope, place is null ? word.At : place.At(expansion.FaultAt), word.At);
        return word with { Value = expansion.Text, IsResolved = expansion.IsResolved };
    }

    private IEnumerable<InstructionArgument> ExpandToWords(string instruction, PlacedText word, VariableScope scope)
    {
        var whole = Expand(instruction, word, scope);
        var words = whole.IsResolved ? new WordLexer(word.Value, scope, lines.Escape, _budget).Words() : null;
        return words?.Select(part => whole with { Value = part.Text }) ?? [whole];
    }

    private void AddFaults(string instruction, Expansion expansion, VariableScope scope, Position faultAt, Position at)
    {
        if (expansion.Fault is { } fault)
        {
            faults.Add(instruction, null, fault, null, faultAt);
        }
        else if (instruction == "FROM" && scope.IsGlobal && expansion.Unknown.Count > 0)
        {
            var name = expansion.Unknown[0];
            faults.Add(
                instruction, name, $"a variable that an ARG before the first FROM declares",
                (faults.IsFull ? null : DockerfileFaults.DidYouMean(name, scope.Names)) ?? $"Write ARG {name}=… above the first FROM.", at);
        }
    }

    private List<Heredoc> ReadHeredocs(string instruction, PlacedText line)
    {
        var heredocs = new List<Heredoc>();
        foreach (var (word, start) in line.Value.Contains("<<", StringComparison.Ordinal) ? HeredocWord.Words(line.Value) : [])
        {
            if (HeredocWord.Parse(word) is not { } found)
            {
                continue;
            }

            var firstLine = lines.Line + 1;
            var (content, isTerminated) = lines.ReadHeredoc(found.Name, found.CutsTabs);
            if (!isTerminated)
            {
                faults.Add(
                    instruction, word, $"a line that is {found.Name} and nothing else, before the file ends",
                    found.CutsTabs ? "Only tabs may stand before it." : $"Nothing may stand before it either; with <<-{found.Name} tabs may.", line.At(start));
            }

            heredocs.Add(new Heredoc(line.At(start), found.Name, found.Expands, content, firstLine));
        }

        return heredocs;
    }

    private static IEnumerable<PlacedText> Words(PlacedText text)
    {
        var value = text.Value;
        for (var at = 0; at < value.Length;)
        {
            var end = value.IndexOfAny(Blanks, at);
            end = end < 0 ? value.Length : end;
            if (end > at)
            {
                yield return text.Slice(at, end);
            }

            at = end + 1;
        }
    }

    /// <summary>A word as it was split off; it is what stands there but for an escape character at the very end of the text.</summary>
    private static PlacedText PlacedWord(PlacedText text, int start, string word) => text.Slice(start, start + word.Length);

    private static InstructionArgument AsWritten(PlacedText word) => new(word.At(0), word.Value, word.Value);
}
