using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>What OpenAI's API can ask for and the Messages API cannot give. Values that ask for nothing special pass.</summary>
internal static class Inexpressible
{
    private static readonly (ChatField Field, string[] Neutral, string Why)[] Rules =
    [
        (ChatField.N, ["1"], "Anthropic's API gives one answer to a request. Send n: 1, and several requests for several answers."),
        (ChatField.Logprobs, ["false"], "Anthropic's API tells no log probabilities. Leave it out."),
        (ChatField.TopLogprobs, ["0"], "Anthropic's API tells no log probabilities. Leave it out."),
        (ChatField.LogitBias, ["{}"], "Anthropic's API cannot bias tokens. Leave it out, or say in the prompt what you want."),
        (ChatField.PresencePenalty, ["0", "0.0"], "Anthropic's API has no penalties. Leave it out or send 0."),
        (ChatField.FrequencyPenalty, ["0", "0.0"], "Anthropic's API has no penalties. Leave it out or send 0."),
        (ChatField.Modalities, ["[\"text\"]"], "Anthropic's models answer in text. Send [\"text\"] or leave it out."),
        (ChatField.Audio, [], "Anthropic's models answer in text. Leave it out."),
        (ChatField.Verbosity, ["\"medium\""], "Anthropic's API has no such setting. Leave it out, or say in the prompt how long the answer should be."),
        (ChatField.WebSearchOptions, [], "The gateway does not translate web search. Leave it out, or offer a function of your own."),
        (ChatField.Functions, ["[]"], "It was replaced by 'tools'. Send the functions there."),
        (ChatField.FunctionCall, ["\"auto\"", "\"none\""], "It was replaced by 'tool_choice'. Send the choice there."),
    ];

    public static SendError? Find(MessagesRequest request)
    {
        foreach (var (field, neutral, why) in Rules)
        {
            if (request.Fields[field].IsPresent && !IsOneOf(request.Value(field), neutral))
            {
                var name = ChatFields.NameOf(field);
                return request.Refuse(name, $"'{name}' is {JsonBytes.Show(request.Value(field))}, which this model's provider cannot do: {why}", "unsupported_parameter");
            }
        }

        return null;
    }

    private static bool IsOneOf(ReadOnlySpan<byte> value, string[] neutral)
    {
        foreach (var one in neutral)
        {
            if (EqualsWithoutBlanks(value, one))
            {
                return true;
            }
        }

        return false;
    }

    private static bool EqualsWithoutBlanks(ReadOnlySpan<byte> value, string expected)
    {
        var next = 0;
        foreach (var character in value)
        {
            if (character <= (byte)' ')
            {
                continue;
            }

            if (next == expected.Length || character != expected[next++])
            {
                return false;
            }
        }

        return next == expected.Length;
    }
}
