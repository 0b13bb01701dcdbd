using System.Text;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>One command of a shell's text.</summary>
/// <param name="Words">Without quotes; variables stay as they are written.</param>
/// <param name="Offset">Where it begins in the text.</param>
/// <param name="IsPiped">Whether it reads what the command before it prints.</param>
internal sealed record ShellCommand(IReadOnlyList<string> Words, int Offset, bool IsPiped)
{
    private static readonly string[] Prefixes =
    [
        "if", "then", "else", "elif", "do", "while", "until", "!", "{", "(", "sudo", "exec", "command", "env", "time", "nice", "nohup",
    ];

    /// <summary>Without <c>A=b</c>, <c>sudo</c>, <c>if</c> and the like before it.</summary>
    public IReadOnlyList<string> Bare { get; } = [.. Words.SkipWhile((word, i) => IsBefore(word, i > 0 ? Words[0] : ""))];

    /// <summary>Its program, without the folder.</summary>
    public string Program => Bare.Count == 0 ? "" : Bare[0][(Bare[0].LastIndexOf('/') + 1)..];

    private static bool IsBefore(string word, string first) =>
        Prefixes.Contains(word) || IsAssignment(word) || (first is "sudo" or "env" && word.StartsWith('-'));

    private static bool IsAssignment(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && word.AsSpan(0, equals).IndexOfAnyExcept("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") < 0;
    }
}

/// <summary>Splits a shell's text into its commands: enough of the language to see what is run, and no more.</summary>
/// <remarks>Substitutions (<c>$(…)</c>, <c>`…`</c>, <c>&lt;(…)</c>) stay within the word that they stand in.</remarks>
internal sealed class ShellScript
{
    private readonly string _text;
    private readonly List<ShellCommand> _commands = [];
    private readonly List<string> _words = [];
    private readonly StringBuilder _word = new();
    private int _at;
    private int _start = -1;
    private bool _isWord;
    private bool _isPiped;

    private ShellScript(string text) => _text = text;

    public static IReadOnlyList<ShellCommand> Commands(string text) => new ShellScript(text).Read();

    private List<ShellCommand> Read()
    {
        while (_at < _text.Length)
        {
            ReadNext(_text[_at]);
        }

        EndCommand(pipes: false);
        return _commands;
    }

    private void ReadNext(char sign)
    {
        switch (sign)
        {
            case ' ' or '\t' or '\r':
                EndWord();
                _at++;
                break;
            case '#' when !_isWord:
                _at = EndOf('\n', _at);
                break;
            case '\n' or ';' or '&' or '|':
                ReadOperator(sign);
                break;
            case '(' or ')' when !_isWord:
                EndCommand(pipes: false);
                _at++;
                break;
            case '\'':
                Append(_text[(_at + 1)..EndOf('\'', _at + 1)]);
                _at = Math.Min(_text.Length, EndOf('\'', _at + 1) + 1);
                break;
            case '"':
                ReadQuoted();
                break;
            case '\\':
                if (_at + 1 < _text.Length && _text[_at + 1] is not '\n')
                {
                    Append(_text[_at + 1].ToString());
                }

                _at += 2;
                break;
            case '$' or '<' or '>' when _at + 1 < _text.Length && _text[_at + 1] == '(':
                ReadSubstitution();
                break;
            case '`':
                Append(_text[_at..Math.Min(_text.Length, EndOf('`', _at + 1) + 1)]);
                _at = Math.Min(_text.Length, EndOf('`', _at + 1) + 1);
                break;
            default:
                Append(sign.ToString());
                _at++;
                break;
        }
    }

    private void ReadOperator(char sign)
    {
        // 2>&1 and &> are no ends of a command.
        var isRedirection = sign == '&' && ((_at > 0 && _text[_at - 1] is '>' or '<') || (_at + 1 < _text.Length && _text[_at + 1] == '>'));
        if (isRedirection)
        {
            Append("&");
            _at++;
            return;
        }

        var isDouble = _at + 1 < _text.Length && _text[_at + 1] == sign && sign is '&' or '|';
        EndCommand(pipes: sign == '|' && !isDouble);
        _at += isDouble ? 2 : 1;
        if (sign == '|' && !isDouble && _at < _text.Length && _text[_at] == '&')
        {
            _at++;
        }
    }

    private void ReadQuoted()
    {
        Append("");
        _at++;
        while (_at < _text.Length && _text[_at] != '"')
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length)
            {
                _at++;
            }

            Append(_text[_at++].ToString());
        }

        _at++;
    }

    /// <summary>To the bracket that closes it; brackets in quotes within are counted too, which no command that matters here has.</summary>
    private void ReadSubstitution()
    {
        var (start, depth) = (_at, 0);
        Append("");
        for (_at++; _at < _text.Length; _at++)
        {
            depth += _text[_at] == '(' ? 1 : _text[_at] == ')' ? -1 : 0;
            if (depth == 0)
            {
                _at++;
                break;
            }
        }

        Append(_text[start..Math.Min(_at, _text.Length)]);
    }

    private void Append(string part)
    {
        if (!_isWord && _words.Count == 0)
        {
            _start = _at;
        }

        _isWord = true;
        _word.Append(part);
    }

    private void EndWord()
    {
        if (_isWord)
        {
            _words.Add(_word.ToString());
        }

        _word.Clear();
        _isWord = false;
    }

    private void EndCommand(bool pipes)
    {
        EndWord();
        var hasEnded = _words.Count > 0;
        if (hasEnded)
        {
            _commands.Add(new ShellCommand([.. _words], _start, _isPiped));
            _words.Clear();
        }

        // A line end or a bracket after the '|' takes nothing away from it.
        _isPiped = pipes || (_isPiped && !hasEnded);
    }

    private int EndOf(char sign, int from)
    {
        var end = from < _text.Length ? _text.IndexOf(sign, from) : -1;
        return end < 0 ? _text.Length : end;
    }
}
