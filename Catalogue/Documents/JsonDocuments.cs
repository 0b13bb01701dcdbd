using System.Buffers;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>Reads JSON into the same <see cref="DocumentNode"/>s as <see cref="YamlDocuments"/>.</summary>
/// <remarks>Not through the YAML parser although JSON is nearly a subset: tabs, long keys and escaped surrogates are where it is not.</remarks>
internal ref struct JsonDocuments
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly FieldErrorList _errors;
    private Utf8JsonReader _reader;
    private int _line = 1;
    private int _column = 1;
    private int _counted;

    private JsonDocuments(ReadOnlySpan<byte> text, FieldErrorList errors)
    {
        _text = text;
        _errors = errors;
        _reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = DocumentLimits.MaxDepth });
    }

    /// <summary>The one document. <c>null</c> when the text is not JSON; the fault is in <paramref name="errors"/> then.</summary>
    public static DocumentNode? Read(ReadOnlySpan<byte> text, FieldErrorList errors)
    {
        try
        {
            return new JsonDocuments(text, errors).ReadWhole();
        }
        catch (JsonException error)
        {
            var at = new Position((int)(error.LineNumber ?? 0) + 1, (int)(error.BytePositionInLine ?? 0) + 1);
            var reason = error.Message.Split(" LineNumber:")[0];
            var tooDeep = reason.Contains("maximum configured depth", StringComparison.Ordinal);
            errors.Add(0, new FieldError("", null, tooDeep ? DocumentLimits.DepthExpectation : "well-formed JSON: " + reason), at);
            return null;
        }
        catch (InvalidOperationException)
        {
            // The reader's answer to a lone surrogate such as "\ud800", which no UTF-8 text can hold.
            errors.Add(0, new FieldError("", null, "well-formed JSON: escapes that together make a character"), null);
            return null;
        }
    }

    private DocumentNode ReadWhole()
    {
        _reader.Read();
        var node = ReadNode();
        _reader.Read(); // Throws on anything after the value.
        return node;
    }

    private DocumentNode ReadNode()
    {
        var at = Here();
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(at);
            case JsonTokenType.StartArray:
                var items = new List<DocumentNode>();
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(ReadNode());
                }

                return new SequenceNode(at, items);
            case JsonTokenType.String:
                var text = _reader.GetString()!;
                return new ScalarNode(at, ScalarKind.Text, text, text);
            case JsonTokenType.Number:
                var number = Encoding.ASCII.GetString(_reader.HasValueSequence ? _reader.ValueSequence.ToArray() : _reader.ValueSpan);
                var (kind, value) = YamlScalar.Read(number);
                if (kind != ScalarKind.Number)
                {
                    _errors.Add(_errors.Document, new FieldError("", number.Length > 80 ? number[..80] : number, "a number that is not beyond all measure", "Write it in quotes where it is a text."), at);
                }

                return new ScalarNode(at, kind, value, number);
            case JsonTokenType.Null:
                return new ScalarNode(at, ScalarKind.Null, "", "null");
            default:
                var flag = _reader.GetBoolean() ? "true" : "false";
                return new ScalarNode(at, ScalarKind.Boolean, flag, flag);
        }
    }

    private MappingNode ReadObject(Position at)
    {
        var entries = new List<MappingEntry>();
        var seen = new Dictionary<string, Position>(StringComparer.Ordinal);
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var keyAt = Here();
            var key = _reader.GetString()!;
            _reader.Read();
            var value = ReadNode();
            if (!seen.TryAdd(key, keyAt))
            {
                _errors.AddDuplicate(key, seen[key], keyAt);
                continue;
            }

            entries.Add(new MappingEntry(key, keyAt, value));
        }

        return new MappingNode(at, entries);
    }

    private Position Here()
    {
        for (; _counted < _reader.TokenStartIndex; _counted++)
        {
            if (_text[_counted] == (byte)'\n')
            {
                (_line, _column) = (_line + 1, 1);
            }
            else if ((_text[_counted] & 0xC0) != 0x80)
            {
                _column++; // Bytes 10xxxxxx continue a character.
            }
        }

        return new Position(_line, _column);
    }
}
