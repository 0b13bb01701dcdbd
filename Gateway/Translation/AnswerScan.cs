using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>What one forward pass finds in an engine's answer, whole or chunk.</summary>
internal struct AnswerFacts
{
    /// <summary>The value of <c>model</c>, quotes included.</summary>
    public ByteRange Model;

    /// <summary>The property <c>usage</c> with one of its commas: without these bytes the text is JSON still.</summary>
    public ByteRange UsageProperty;

    public TokenUsage? Usage;

    /// <summary><c>choices</c> has an entry.</summary>
    public bool HasChoices;

    /// <summary>Something to read: text, reasoning, a tool call, an embedding.</summary>
    public bool HasContent;

    public bool HasFinish;

    /// <summary>Which of several answers it speaks of: a bit for each <c>index</c>.</summary>
    public ulong Answers;

    /// <summary>Of <see cref="Answers"/>, those that end with it.</summary>
    public ulong Finished;

    /// <summary>A choice holds a <c>delta</c>, <c>message</c> or <c>text</c>, be it empty.</summary>
    public bool HasDelta;

    /// <summary>Where <c>reasoning</c> or <c>reasoning_content</c> stands as a name, quotes included.</summary>
    public ReasoningNames Reasoning;

    /// <summary><c>{"error": …}</c> or <c>{"object":"error"}</c>.</summary>
    public bool IsError;
}

/// <summary>One a choice at most; one that has both names keeps both.</summary>
internal struct ReasoningNames
{
    private const int Usual = 4;

    private Slots _names;
    private List<ByteRange>? _more;

    public int Count { get; private set; }

    public readonly ByteRange this[int index] => index < Usual ? _names[index] : _more![index - Usual];

    public void Add(ByteRange name)
    {
        if (Count < Usual)
        {
            _names[Count] = name;
        }
        else
        {
            (_more ??= []).Add(name);
        }

        Count++;
    }

    [System.Runtime.CompilerServices.InlineArray(Usual)]
    private struct Slots
    {
        private ByteRange _first;
    }
}

/// <summary>Reads answers without a DOM and without a string.</summary>
internal static class AnswerScan
{
    /// <returns>Whether <paramref name="json"/> is one JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out AnswerFacts facts)
    {
        facts = default;
        var reader = new Utf8JsonReader(json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            ReadFields(ref reader, ref facts);
            return !reader.Read();
        }
        catch (Exception error) when (IsBadJson(error))
        {
            return false;
        }
    }

    /// <returns>Whether <paramref name="json"/> is an error: an object, or Google's list of one.</returns>
    public static bool IsError(ReadOnlySpan<byte> json)
    {
        if (TryRead(json, out var facts))
        {
            return facts.IsError;
        }

        var reader = new Utf8JsonReader(json);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartArray
                && reader.Read() && reader.TokenType == JsonTokenType.StartObject
                && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("error"u8);
        }
        catch (Exception error) when (IsBadJson(error))
        {
            return false;
        }
    }

    /// <returns>Whether <paramref name="json"/> is one JSON value of any kind.</returns>
    public static bool IsJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            return reader.Read() && reader.TrySkip() && !reader.Read();
        }
        catch (Exception error) when (IsBadJson(error))
        {
            return false;
        }
    }

    /// <summary>What readers throw at a text that is no JSON; the second is <see cref="Utf8JsonReader"/>'s way to say that a name has half a surrogate pair.</summary>
    public static bool IsBadJson(Exception error) => error is JsonException or InvalidOperationException;

    private static void ReadFields(ref Utf8JsonReader reader, ref AnswerFacts facts)
    {
        var isFirst = true;
        var previousEnd = 0;
        var usageIsFirst = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            if (usageIsFirst)
            {
                facts.UsageProperty = new ByteRange(facts.UsageProperty.Start, start - facts.UsageProperty.Start);
                usageIsFirst = false;
            }

            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                ReadChoices(ref reader, ref facts);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                facts.Model = reader.TokenType == JsonTokenType.String
                    ? new ByteRange((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex))
                    : default;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                facts.Usage = UsageFields.Read(ref reader);
                var from = isFirst ? start : previousEnd;
                facts.UsageProperty = new ByteRange(from, (int)reader.BytesConsumed - from);
                usageIsFirst = isFirst;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                facts.IsError |= reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                facts.IsError |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("error"u8);
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }

            isFirst = false;
            previousEnd = (int)reader.BytesConsumed;
        }
    }

    private static void ReadChoices(ref Utf8JsonReader reader, ref AnswerFacts facts)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            facts.HasChoices = true;
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader, ref facts);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadChoice(ref Utf8JsonReader reader, ref AnswerFacts facts)
    {
        const int most = 63;
        var (index, hasFinish) = (0, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
            {
                facts.HasDelta = true;
                reader.Read();
                ReadDelta(ref reader, ref facts);
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                facts.HasDelta = true;
                reader.Read();
                facts.HasContent |= IsSomething(ref reader);
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                hasFinish = reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var place) ? Math.Clamp(place, 0, most) : 0;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        facts.HasFinish |= hasFinish;
        facts.Answers |= 1UL << index;
        facts.Finished |= hasFinish ? 1UL << index : 0;
    }

    /// <remarks>Everything but the role counts: content, reasoning under whatever name, refusals and tool calls, today's and tomorrow's.</remarks>
    private static void ReadDelta(ref Utf8JsonReader reader, ref AnswerFacts facts)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        ByteRange reasoning = default;
        var hasBoth = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = reader.ValueTextEquals("role"u8);
            if (reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("reasoning_content"u8))
            {
                hasBoth = reasoning.IsPresent;
                reasoning = new ByteRange((int)reader.TokenStartIndex, reader.ValueSpan.Length + 2);
            }

            reader.Read();
            facts.HasContent |= IsSomething(ref reader) && !isRole;
        }

        if (reasoning.IsPresent && !hasBoth)
        {
            facts.Reasoning.Add(reasoning);
        }
    }

    private static bool IsSomething(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return reader.ValueSpan.Length > 0;
            case JsonTokenType.StartArray or JsonTokenType.StartObject:
                var depth = reader.CurrentDepth;
                reader.Read();
                var isEmpty = reader.CurrentDepth == depth && reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject;
                while (reader.CurrentDepth > depth)
                {
                    reader.Read();
                }

                return !isEmpty;
            default:
                return false;
        }
    }
}
