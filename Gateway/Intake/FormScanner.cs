using System.Buffers;
using System.Text;

namespace Orrery.Gateway.Intake;

/// <summary>Goes through a <c>multipart/form-data</c> body (RFC 7578) as it arrives and finds the fields that routing needs, wherever they stand. Keeps no bytes.</summary>
internal sealed class FormScanner(string boundary, Operation operation)
{
    private const int LongestHead = 16 << 10;
    private const int LongestValue = 4 << 10;
    private const int LongestKept = 160 << 10;
    private const int MostKept = 1 << 20;
    private const int MostParts = 1_000;
    private static readonly Encoding Strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _delimiter = Encoding.ASCII.GetBytes("\r\n--" + boundary);
    private State _state;
    private PartHead _head;
    private long _partStart;
    private long _consumed;
    private int _parts;
    private bool _hasInput;
    private FormRouting? _routing;
    private long _scanStart;
    private long _contentStart;
    private long _kept;

    private enum State
    {
        Start,
        AfterDelimiter,
        Head,
        Value,
        Content,
        End,
    }

    /// <summary>As the client wrote it; <c>null</c> while it has not come.</summary>
    public string? ModelName { get; private set; }

    /// <summary>The part <c>model</c> with its head.</summary>
    public (long Start, long End) ModelPart { get; private set; }

    public bool Stream { get; private set; }

    /// <summary>What the form says of its own way; <c>null</c>: nothing.</summary>
    public FormRouting? Routing => _routing;

    /// <summary>What plain fields say, where the operation wants to know.</summary>
    public Dictionary<string, string> Fields { get; } = [];

    /// <summary>Where the contents of files stand, where the operation wants to know.</summary>
    public List<FilePart> Files { get; } = [];

    /// <summary>The closing boundary has come; what may follow it means nothing.</summary>
    public bool IsAtEnd => _state == State.End;

    public Refusal? Fault { get; private set; }

    /// <summary>Takes what it can decide on from the front of <paramref name="bytes"/>; the rest is wanted again, with what comes after it.</summary>
    /// <returns>How many bytes it is done with.</returns>
    public long Scan(in ReadOnlySequence<byte> bytes)
    {
        var reader = new SequenceReader<byte>(bytes);
        var start = _scanStart = _consumed;
        while (Fault is null && !IsAtEnd && Step(ref reader))
        {
            _consumed = start + reader.Consumed;
        }

        _consumed = start + reader.Consumed;
        return reader.Consumed;
    }

    /// <summary>What is wrong with the form as a whole, once all of it has come.</summary>
    public Refusal? Check() => Fault
        ?? (!IsAtEnd ? Bad("The form ends before its closing boundary; expected '--" + Shown.Of(boundary) + "--' at its end.") : null)
        ?? _routing?.Read()
        ?? (TakeModel() ? null : Missing("model", "the id of a model"))
        ?? (_hasInput ? null : Missing(operation.InputField, operation.IsForm ? "a file" : "a text"));

    /// <summary>Without a <c>model</c> the list's first name is it, and stands in the list's place.</summary>
    private bool TakeModel()
    {
        if (ModelName is null && _routing?.TakeFirstModel() is var (name, part))
        {
            (ModelName, ModelPart) = (name, part);
        }

        return ModelName is not null;
    }

    /// <returns>Whether there was enough to go on.</returns>
    private bool Step(ref SequenceReader<byte> reader) => _state switch
    {
        State.Start => Begin(ref reader),
        State.AfterDelimiter => PassDelimiter(ref reader),
        State.Head => ReadHead(ref reader),
        State.Value => ReadValue(ref reader),
        _ => SkipContent(ref reader),
    };

    private bool Begin(ref SequenceReader<byte> reader)
    {
        // The line break before the first boundary may be absent.
        var hasBreak = reader.IsNext("\r\n"u8);
        var expected = _delimiter.AsSpan(hasBreak ? 0 : 2);
        if (reader.Remaining < _delimiter.Length)
        {
            return false;
        }

        if (!reader.IsNext(expected, advancePast: true))
        {
            return Fail("The form does not begin with its boundary; expected '--" + Shown.Of(boundary) + "' as Content-Type says.");
        }

        _state = State.AfterDelimiter;
        return true;
    }

    private bool PassDelimiter(ref SequenceReader<byte> reader)
    {
        if (reader.Remaining < 2)
        {
            return false;
        }

        if (reader.IsNext("--"u8, advancePast: true))
        {
            _state = State.End;
            return true;
        }

        if (!reader.IsNext("\r\n"u8, advancePast: true))
        {
            return Fail("A boundary of the form is followed by neither a line break nor '--'; expected one of them.");
        }

        if (++_parts > MostParts)
        {
            return Fail($"The form has more than {MostParts} parts; expected fewer.");
        }

        _state = State.Head;
        _partStart = -1;
        return true;
    }

    private bool ReadHead(ref SequenceReader<byte> reader)
    {
        if (_partStart < 0)
        {
            _partStart = _consumed;
        }

        if (reader.IsNext("\r\n"u8))
        {
            return Fail($"Part {_parts} of the form has no header; expected 'Content-Disposition: form-data; name=\"…\"'.");
        }

        if (!reader.TryReadTo(out ReadOnlySequence<byte> head, "\r\n\r\n"u8) || head.Length > LongestHead)
        {
            return reader.Remaining > LongestHead || head.Length > LongestHead
                ? Fail($"The headers of part {_parts} of the form are longer than {LongestHead} bytes; expected an empty line after them.")
                : false;
        }

        _head = PartHead.Read(head.IsSingleSegment ? head.FirstSpan : head.ToArray(), out var fault);
        if (fault is not null)
        {
            return Fail($"Part {_parts} of the form {fault}.");
        }

        _state = IsDeciding || (operation.MayBeForm && !_head.IsFile) ? State.Value : State.Content;
        _contentStart = _scanStart + reader.Consumed;
        _hasInput |= _head.Name == operation.InputField;
        return true;
    }

    /// <summary>The part says something that requests of every kind are decided by.</summary>
    private bool IsDeciding => _head.Name is "model" or "stream" || FormRouting.Takes(_head.Name);

    private bool ReadValue(ref SequenceReader<byte> reader)
    {
        var longest = IsDeciding ? LongestValue : LongestKept;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> value, _delimiter) || value.Length > longest)
        {
            return reader.Remaining > longest + _delimiter.Length || value.Length > longest
                ? Fail($"'{Shown.Of(_head.Name)}' is longer than {longest} bytes; expected less.", _head.Name)
                : false;
        }

        _state = State.AfterDelimiter;
        if (_head.IsFile || _head.IsEncoded)
        {
            return Fail($"'{_head.Name}' is sent as a {(_head.IsFile ? "file" : "text in a transfer encoding")}; expected a plain field.", _head.Name);
        }

        var text = Text(value);
        if (FormRouting.Takes(_head.Name))
        {
            Fault = text is null ? Refusal.BadField(_head.Name, $"'{_head.Name}' is not valid text; expected UTF-8.") : null;
            (_routing ??= new()).Add(_head.Name, text ?? "", (_partStart, _consumed + value.Length), _delimiter.Length);
            return true;
        }

        if (!IsDeciding)
        {
            _kept += value.Length;
            Fault = text is null ? Refusal.BadField(_head.Name, $"'{Shown.Of(_head.Name)}' is not valid text; expected UTF-8.")
                : _kept > MostKept ? Bad($"The fields of the form hold more than {MostKept} bytes, files aside; expected fewer.")
                : Fields.TryAdd(_head.Name, text) ? null
                : Refusal.BadField(_head.Name, $"'{Shown.Of(_head.Name)}' appears twice; expected it once.", "duplicate_field");
            return true;
        }

        if (_head.Name == "stream")
        {
            Stream = text is not null && (text.Equals("true", StringComparison.OrdinalIgnoreCase) || text == "1");
            return true;
        }

        Fault = ModelName is not null ? Refusal.BadField("model", "'model' appears twice; expected it once.", "duplicate_field")
            : text is null ? Refusal.BadField("model", "'model' is not valid text; expected the id of a model in UTF-8.")
            : string.IsNullOrWhiteSpace(text) ? Refusal.BadField("model", "'model' is empty; expected the id of a model.")
            : null;
        ModelName = text;
        ModelPart = (_partStart, _consumed + value.Length);
        return true;
    }

    private bool SkipContent(ref SequenceReader<byte> reader)
    {
        if (reader.TryReadTo(out ReadOnlySequence<byte> _, _delimiter))
        {
            _state = State.AfterDelimiter;
            if (operation.MayBeForm)
            {
                Files.Add(new(_head.Name, _contentStart, _scanStart + reader.Consumed - _delimiter.Length, _head.ContentType));
            }

            return true;
        }

        // All but what may be the beginning of a boundary.
        reader.Advance(Math.Max(0, reader.Remaining - _delimiter.Length + 1));
        return false;
    }

    private static string? Text(in ReadOnlySequence<byte> value)
    {
        try
        {
            return Strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private bool Fail(string message, string? param = null)
    {
        Fault = Bad(message, param);
        return false;
    }

    private static Refusal Bad(string message, string? param = null) =>
        new(StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, "invalid_form", message, param);

    private static Refusal Missing(string field, string expectation) =>
        Refusal.BadField(field, $"'{field}' is missing; expected {expectation}.", "missing_required_parameter");
}

/// <summary>A file in a form: the field that it stands in, and its bytes' place.</summary>
/// <param name="Declared">What its head says that it is.</param>
internal readonly record struct FilePart(string Name, long Start, long End, string? Declared)
{
    public long Length => End - Start;

    /// <summary>What it is; known once its first bytes have been looked at.</summary>
    public string MediaType { get; init; } = MediaTypes.Unknown;
}
