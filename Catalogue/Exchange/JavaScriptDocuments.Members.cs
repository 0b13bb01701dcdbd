using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Exchange;

/// <summary>Arrays and objects, member by member.</summary>
internal sealed partial class JavaScriptDocuments
{
    private DocumentNode ReadArray(Position at)
    {
        var items = new List<DocumentNode>();
        while (true)
        {
            _source.SkipBlanks();
            if (_source.Take(']'))
            {
                return new SequenceNode(at, items);
            }

            RequireMore(at, '[', ']');
            _path.Add(($"[{items.Count}]", true));
            ReadItem(items);
            _path.RemoveAt(_path.Count - 1);
            TakeComma(']');
        }
    }

    private void ReadItem(List<DocumentNode> items)
    {
        var (at, faults) = (_source.Here, _faults);
        if (RefuseSpread(at))
        {
            return;
        }

        var item = ReadValue();
        if (!ReferenceEquals(item, Absent))
        {
            items.Add(item);
        }
        else if (_faults == faults)
        {
            Fault("undefined", "a value: a list has no absent members", "Take it out, or write null.", at);
        }
    }

    private DocumentNode ReadObject(Position at)
    {
        var entries = new List<MappingEntry>();
        var seen = new Dictionary<string, Position>(StringComparer.Ordinal);
        while (true)
        {
            _source.SkipBlanks();
            if (_source.Take('}'))
            {
                return new MappingNode(at, entries);
            }

            RequireMore(at, '{', '}');
            ReadMember(entries, seen);
            TakeComma('}');
        }
    }

    private void ReadMember(List<MappingEntry> entries, Dictionary<string, Position> seen)
    {
        var (at, isComputed) = (_source.Here, _source.Current == '[');
        if (RefuseSpread(at) || ReadKey(at) is not { } key)
        {
            return;
        }

        _source.SkipBlanks();
        if (!_source.Take(':'))
        {
            RefuseMember(key, at);
            return;
        }

        _path.Add((key.Cut(77, "..."), false));
        var value = ReadValue();
        _path.RemoveAt(_path.Count - 1);
        if (key == "__proto__" && !isComputed)
        {
            Fault(key, "a name other than __proto__", "It would set the object's prototype, and no member.", at);
        }
        else if (!seen.TryAdd(key, at))
        {
            _faults++;
            _errors.AddDuplicate(key, seen[key], at);
        }
        else if (!ReferenceEquals(value, Absent))
        {
            entries.Add(new MappingEntry(key, at, value));
        }
    }

    private bool RefuseSpread(Position at)
    {
        if (!_source.StartsWith("..."))
        {
            return false;
        }

        _source.At += 3;
        _skipping.SkipExpression();
        Fault("...", "plain members, and no spread", NeverEvaluated, at);
        return true;
    }

    /// <summary>A name, a text, a number, or a text in brackets; <c>null</c> where the member was refused.</summary>
    private string? ReadKey(Position at)
    {
        var sign = _source.Current;
        if (sign is '"' or '\'')
        {
            return _strings.ReadString();
        }

        if (char.IsAsciiDigit(sign) || (sign == '.' && char.IsAsciiDigit(_source.Next)))
        {
            return ReadNumber(at, isNegative: false) is ScalarNode { Kind: ScalarKind.Number } number ? number.Value : Skipped();
        }

        if (sign == '[')
        {
            return ReadComputedKey(at);
        }

        if (JavaScriptSource.IsNameStart(sign))
        {
            return ReadNamedKey(at);
        }

        Fault(sign.ToString(), "a member: name: value", null, at);
        if (sign is ']' or ')' or ';')
        {
            _source.At++;
        }

        return Skipped();
    }

    private string? ReadNamedKey(Position at)
    {
        var name = _source.TakeName();
        _source.SkipBlanks();
        if (name is "get" or "set" or "async" or "static" && (JavaScriptSource.IsNameStart(_source.Current) || _source.Current is '"' or '\'' or '[' or '*'))
        {
            Fault(name, name is "get" or "set" ? "a plain member, and no getter or setter" : "a plain member, and no method", NeverEvaluated, at);
            return Skipped();
        }

        return name;
    }

    private string? ReadComputedKey(Position at)
    {
        _source.At++;
        _source.SkipBlanks();
        var (start, faults) = (_source.At, _faults);
        var key = _source.Current is '"' or '\'' or '`' ? ReadSum() as ScalarNode : null;
        if (key is not null && IsText(key) && _faults == faults && TakeSign(']'))
        {
            return key.Value;
        }

        if (_faults == faults)
        {
            Fault(null, "a plain text within the brackets of a name", NeverEvaluated, at);
        }

        _source.At = start;
        _skipping.SkipExpression();
        TakeSign(']');
        return Skipped();
    }

    /// <summary>Goes past a member that was refused.</summary>
    private string? Skipped()
    {
        _skipping.SkipExpression();
        return null;
    }

    private void RefuseMember(string key, Position at)
    {
        var expectation = _source.Current switch
        {
            '(' => "a plain member, and no method",
            ',' or '}' => $"a value after the name: {key}: …",
            _ => "':' and a value after the name",
        };
        Fault(key, expectation, NeverEvaluated, at);
        _skipping.SkipExpression();
    }
}
