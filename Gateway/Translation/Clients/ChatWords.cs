using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>A piece of a tool call, or a whole one. Strings with their quotes.</summary>
/// <param name="Place">Which of the answer's calls.</param>
internal readonly record struct CallWords(int Place, ByteRange Id, ByteRange Name, ByteRange Arguments);

/// <summary>What the first choice of a chat completion says, or of a chunk of one: where its words stand, quotes included. An empty string is no word.</summary>
internal struct ChatWords
{
    private List<CallWords>? _calls;

    public ByteRange Content { get; private set; }

    public ByteRange Reasoning { get; private set; }

    public ByteRange Refusal { get; private set; }

    public ByteRange Finish { get; private set; }

    /// <summary>The stop sequence that ended the answer, where the engine says so (vLLM's <c>stop_reason</c>).</summary>
    public ByteRange StopSequence { get; private set; }

    public readonly IReadOnlyList<CallWords> Calls => _calls ?? (IReadOnlyList<CallWords>)[];

    /// <param name="json">A completion or a chunk that has been looked through before.</param>
    public static ChatWords Read(ReadOnlySpan<byte> json)
    {
        var words = new ChatWords();
        var reader = JsonBytes.Reader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("choices"u8))
            {
                reader.Skip();
                continue;
            }

            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                words.ReadChoices(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return words;
    }

    private void ReadChoices(ref Utf8JsonReader reader)
    {
        var isFirst = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (isFirst && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
            else
            {
                reader.Skip();
            }

            isFirst = false;
        }
    }

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("finish_reason"u8))
            {
                Finish = Said(ref reader);
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                StopSequence = Said(ref reader);
            }
            else if ((reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8)) && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadWords(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadWords(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                Content = Said(ref reader);
            }
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
            {
                var said = Said(ref reader);
                Reasoning = said.IsPresent ? said : Reasoning; // One that sends both names leaves one of them empty, or says the same twice.
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                Refusal = Said(ref reader);
            }
            else if (reader.ValueTextEquals("tool_calls"u8) && reader.Read() && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    ReadCall(ref reader);
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadCall(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        var place = _calls?.Count ?? 0;
        ByteRange id = default, name = default, arguments = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                place = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : place;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                id = Said(ref reader);
            }
            else if (reader.ValueTextEquals("function"u8) && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadFunction(ref reader, ref name, ref arguments);
            }
            else
            {
                reader.Skip();
            }
        }

        (_calls ??= []).Add(new(place, id, name, arguments));
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ref ByteRange name, ref ByteRange arguments)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = Said(ref reader);
            }
            else if (reader.ValueTextEquals("arguments"u8))
            {
                arguments = Said(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static ByteRange Said(ref Utf8JsonReader reader) => JsonBytes.StringOf(ref reader) is { Length: > 2 } words ? words : default;
}
