using System.Text;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>The words that begin with <c>--</c>, up to the first that does not, or to a bare <c>--</c>.</summary>
internal sealed class FlagReader(string instruction, PlacedText text, char escape, DockerfileFaults faults)
{
    private readonly List<InstructionFlag> _flags = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private int _at;

    /// <returns>The flags, and where the rest begins.</returns>
    public (IReadOnlyList<InstructionFlag> Flags, int End) Read(IReadOnlyDictionary<string, FlagStyle> known)
    {
        var value = text.Value;
        while (true)
        {
            while (_at < value.Length && char.IsWhiteSpace(value[_at]))
            {
                _at++;
            }

            var start = _at;
            if (_at + 1 >= value.Length || value[_at] != '-' || value[_at + 1] != '-')
            {
                return (_flags, _at);
            }

            var word = ReadWord();
            if (word == "--")
            {
                return (_flags, _at);
            }

            Add(word, start, known);
        }
    }

    /// <summary>Without its quotes and escapes.</summary>
    private string ReadWord()
    {
        var (value, word, quote, quoteAt) = (text.Value, new StringBuilder(), '\0', 0);
        for (; _at < value.Length && (quote != '\0' || !char.IsWhiteSpace(value[_at])); _at++)
        {
            var sign = value[_at];
            if (sign == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && sign is '\'' or '"')
            {
                (quote, quoteAt) = (sign, _at);
            }
            else if (sign != escape)
            {
                word.Append(sign);
            }
            else if (_at + 1 < value.Length)
            {
                word.Append(value[++_at]);
            }
        }

        if (quote != '\0')
        {
            faults.Add(instruction, null, $"a closing {quote}", "All after it was read as the flag's value.", text.At(quoteAt));
        }

        return word.ToString();
    }

    private void Add(string word, int start, IReadOnlyDictionary<string, FlagStyle> known)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var (name, value) = equals < 0 ? (word[2..], null) : (word[2..equals], word[(equals + 1)..]);
        var at = text.At(start);
        var shown = "--" + name;
        if (!known.TryGetValue(name, out var style))
        {
            var names = string.Join(", ", known.Keys.Select(flag => "--" + flag).Order(StringComparer.Ordinal));
            faults.Add(
                instruction, shown, known.Count == 0 ? $"no flags: {instruction} has none" : $"a flag of {instruction}: {names}",
                faults.IsFull ? null : DockerfileFaults.DidYouMean(name, known.Keys), at);
        }
        else if (style != FlagStyle.Values && !_names.Add(name))
        {
            faults.Add(instruction, shown, "each flag once", "Keep one of the two.", at);
        }
        else if (style == FlagStyle.Switch && value is not null && value.ToLowerInvariant() is not ("true" or "false"))
        {
            faults.Add(instruction, word, $"{shown}, {shown}=true or {shown}=false", null, at);
        }
        else if (style != FlagStyle.Switch && value is null)
        {
            faults.Add(instruction, shown, $"a value: {shown}=…", null, at);
        }

        _flags.Add(new InstructionFlag(at, name, value));
    }
}
