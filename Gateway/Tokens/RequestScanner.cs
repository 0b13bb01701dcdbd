using System.Text.Json;

namespace Orrery.Gateway.Tokens;

/// <summary>Finds in a request's body what the model is shown, and counts it: one pass, no copies.</summary>
/// <remarks>In a message what is not known is text, so that a field of tomorrow is rather counted than missed; at the root it is a setting.</remarks>
internal ref struct RequestScanner(Span<int> counts, TokenAllowance allowance)
{
    /// <summary>Where <c>type</c> is not among so many tokens of a source, it is not text.</summary>
    private const int SourceTokens = 16;

    private readonly Span<int> _counts = counts;
    private TextScanner _text = new(counts);
    private long _bytes;
    private long _texts;
    private long _messages;
    private long _calls;
    private long _members;
    private long _numbers;
    private int _media;
    private bool _hasTools;
    private bool _isChat;

    /// <summary>Whether the body is a JSON object.</summary>
    public bool TryRead(ReadOnlySpan<byte> body, int maxDepth)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                RootField(ref reader);
            }

            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public readonly TokenCount Sum(TokenFamily family)
    {
        var text = TokenEstimator.Sum(_counts, _bytes, _texts, family);
        var around = (_messages * allowance.Message) + (_calls * allowance.Call) + (_hasTools ? allowance.Tools : 0);
        var certain = _numbers + (_members * allowance.Member);
        var likely = certain + around + (_isChat ? allowance.Request : 0) + ((long)_media * allowance.Media);
        var atMost = certain + (2 * around) + (_isChat ? allowance.RequestAtMost : 0) + ((long)_media * allowance.MediaAtMost);
        return new TokenCount(text.Likely + likely, text.Upper + atMost, text.Most + atMost, _media);
    }

    private void RootField(ref Utf8JsonReader reader)
    {
        var field = PromptFields.AtRoot(in reader);
        reader.Read();
        switch (field)
        {
            case PromptField.Messages:
                _isChat = true;
                Shown(ref reader, isMessages: true);
                break;
            case PromptField.System:
                _messages++;
                Shown(ref reader, isMessages: false);
                break;
            case PromptField.Prompt:
                Prompt(ref reader);
                break;
            case PromptField.Tools:
                _hasTools = reader.TokenType == JsonTokenType.StartArray;
                Json(ref reader);
                break;
            case PromptField.Schema:
                Json(ref reader);
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private void Shown(ref Utf8JsonReader reader, bool isMessages)
    {
        var depth = reader.CurrentDepth;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when isMessages && reader.CurrentDepth == depth + 1:
                    _messages++;
                    break;
                case JsonTokenType.String:
                    Text(ref reader);
                    break;
                case JsonTokenType.PropertyName:
                    ShownField(ref reader);
                    break;
            }
        }
        while (!IsEnd(ref reader, depth) && reader.Read());
    }

    private void ShownField(ref Utf8JsonReader reader)
    {
        switch (PromptFields.InMessage(in reader))
        {
            case PromptField.Hidden or PromptField.Type:
                reader.Skip();
                break;
            case PromptField.Media:
                reader.Read();
                _media += reader.TokenType == JsonTokenType.Null ? 0 : 1;
                reader.Skip();
                break;
            case PromptField.Source when !IsText(reader):
                _media++;
                reader.Skip();
                break;
            case PromptField.Arguments:
                _calls++;
                reader.Read();
                Json(ref reader);
                break;
        }
    }

    /// <summary>Whether a document of Anthropic's is given as its text. Looks ahead in a copy of the reader.</summary>
    private static bool IsText(Utf8JsonReader ahead)
    {
        var depth = ahead.CurrentDepth + 1;
        for (var token = 0; token < SourceTokens && ahead.Read() && ahead.CurrentDepth >= depth - 1; token++)
        {
            if (ahead.TokenType == JsonTokenType.PropertyName && ahead.CurrentDepth == depth && PromptFields.InMessage(in ahead) == PromptField.Type)
            {
                return ahead.Read() && ahead.TokenType == JsonTokenType.String && (ahead.ValueSpan.SequenceEqual("text"u8) || ahead.ValueSpan.SequenceEqual("content"u8));
            }
        }

        return false;
    }

    /// <summary>What a template writes as JSON again: values, and what stands between them.</summary>
    private void Json(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            Text(ref reader);
            return;
        }

        _text.Break();
        _texts++;
        var depth = reader.CurrentDepth;
        var isFirst = true;
        do
        {
            var isClosing = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
            if (!isFirst && !isClosing)
            {
                Write(", "u8);
            }

            isFirst = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName;
            _members += isClosing || reader.TokenType == JsonTokenType.PropertyName ? 0 : 1;
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
            {
                Write("\""u8);
                Write(reader.ValueSpan);
                Write(reader.TokenType == JsonTokenType.String ? "\""u8 : "\": "u8);
            }
            else
            {
                Write(reader.ValueSpan);
            }
        }
        while (!IsEnd(ref reader, depth) && reader.Read());
    }

    /// <summary>A text, several, or tokens by their numbers.</summary>
    private void Prompt(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    Text(ref reader);
                    break;
                case JsonTokenType.Number:
                    _numbers++;
                    break;
            }
        }
        while (!IsEnd(ref reader, depth) && reader.Read());
    }

    /// <summary>Whether the reader is at the last token of the value that began at a depth.</summary>
    private static bool IsEnd(ref Utf8JsonReader reader, int depth) =>
        reader.CurrentDepth == depth && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray);

    private void Text(ref Utf8JsonReader reader)
    {
        _text.Break();
        _texts++;
        _bytes += JsonText.Append(reader.ValueSpan, ref _text);
    }

    private void Write(scoped ReadOnlySpan<byte> text)
    {
        _text.Append(text);
        _bytes += text.Length;
    }
}
