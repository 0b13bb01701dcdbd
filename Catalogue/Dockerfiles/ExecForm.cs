using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orrery.Catalogue.Dockerfiles;

internal enum ExecFormKind
{
    /// <summary>Does not begin like an array.</summary>
    None,

    /// <summary>Begins like one and is no JSON: BuildKit takes all of it for the shell's.</summary>
    Malformed,

    /// <summary>JSON with something else than texts in it, which BuildKit refuses.</summary>
    NotTexts,

    Texts,
}

/// <summary>A JSON array of texts. Not through a JSON reader, which has no places for what stood between continued lines.</summary>
internal ref struct ExecForm
{
    // BuildKit's JSON reader goes this deep, too.
    private const int MaxDepth = 10_000;

    private readonly PlacedText _text;
    private readonly string _json;
    private int _at;

    private ExecForm(PlacedText text)
    {
        _text = text;
        _json = text.Value;
    }

    public static (ExecFormKind Kind, IReadOnlyList<InstructionArgument> Members) Read(PlacedText text)
    {
        if (!text.Value.AsSpan().TrimStart().StartsWith("["))
        {
            return (ExecFormKind.None, []);
        }

        var members = new ExecForm(text).ReadArray();
        return members is not null ? (ExecFormKind.Texts, members) : (IsJson(text.Value) ? ExecFormKind.NotTexts : ExecFormKind.Malformed, []);
    }

    private static bool IsJson(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private List<InstructionArgument>? ReadArray()
    {
        var members = new List<InstructionArgument>();
        SkipBlanks();
        _at++;
        for (var isFirst = true; ; isFirst = false)
        {
            SkipBlanks();
            if (isFirst && Take(']'))
            {
                return EndsHere() ? members : null;
            }

            var at = _at;
            if (ReadText() is not { } value)
            {
                return null;
            }

            members.Add(new InstructionArgument(_text.At(at), _json[at.._at], value));
            SkipBlanks();
            if (Take(']'))
            {
                return EndsHere() ? members : null;
            }

            if (!Take(','))
            {
                return null;
            }
        }
    }

    private string? ReadText()
    {
        if (!Take('"'))
        {
            return null;
        }

        var value = new StringBuilder();
        while (_at < _json.Length && _json[_at] >= ' ')
        {
            var sign = _json[_at++];
            if (sign == '"')
            {
                // Halves of characters become U+FFFD, as in BuildKit.
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value.ToString()));
            }

            if (sign != '\\')
            {
                value.Append(sign);
            }
            else if (ReadEscape() is { } escaped)
            {
                value.Append(escaped);
            }
            else
            {
                return null;
            }
        }

        return null;
    }

    private char? ReadEscape()
    {
        if (_at == _json.Length)
        {
            return null;
        }

        var sign = _json[_at++];
        if (sign == 'u')
        {
            var isHex = _at + 4 <= _json.Length && _json.AsSpan(_at, 4).IndexOfAnyExcept("0123456789abcdefABCDEF") < 0;
            _at += isHex ? 4 : 0;
            return isHex ? (char)int.Parse(_json.AsSpan(_at - 4, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : null;
        }

        return sign switch
        {
            '"' or '\\' or '/' => sign,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => null,
        };
    }

    private bool EndsHere()
    {
        SkipBlanks();
        return _at == _json.Length;
    }

    private bool Take(char sign)
    {
        if (_at < _json.Length && _json[_at] == sign)
        {
            _at++;
            return true;
        }

        return false;
    }

    private void SkipBlanks()
    {
        while (_at < _json.Length && _json[_at] is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }
    }
}
