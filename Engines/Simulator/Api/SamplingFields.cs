using Orrery.Simulator.Replicas;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>The sampling parameters that chat and text completions share, with vLLM's ranges.</summary>
internal static class SamplingFields
{
    private const int MostChoices = 128;
    private const int MostStops = 64;

    public static SamplingParameters Read(Fields body)
    {
        var sampling = new SamplingParameters
        {
            Choices = (int)(body.Integer("n", 1, MostChoices) ?? 1),
            Temperature = body.Number("temperature", 0, 2) ?? 1,
            TopP = body.Number("top_p", 0, 1) ?? 1,
            TopK = (int)(body.Integer("top_k", -1, int.MaxValue) ?? 0),
            MinP = body.Number("min_p", 0, 1) ?? 0,
            FrequencyPenalty = body.Number("frequency_penalty", -2, 2) ?? 0,
            PresencePenalty = body.Number("presence_penalty", -2, 2) ?? 0,
            RepetitionPenalty = body.Number("repetition_penalty", 0, 100) ?? 1,
            Seed = body.Integer("seed", long.MinValue, long.MaxValue) ?? 0,
            MinTokens = (int)(body.Integer("min_tokens", 0, int.MaxValue) ?? 0),
            Stop = body.Texts("stop", MostStops),
            StopTokenIds = TokenIds(body, "stop_token_ids"),
            IncludeStop = body.Flag("include_stop_str_in_output"),
            IgnoreEos = body.Flag("ignore_eos"),
        };

        if (sampling.Stop.Any(stop => stop.Length == 0))
        {
            body.Fault("stop", "texts of at least one character, got an empty one");
        }

        if (sampling is { Choices: > 1, Temperature: 0 })
        {
            body.Fault("n", $"1 when temperature is 0 (greedy sampling), got {sampling.Choices}");
        }

        return sampling;
    }

    /// <summary>Holds the prompt and the wanted answer against the context window.</summary>
    /// <returns>Tokens that the answer may have, or vLLM's refusal.</returns>
    public static (int Limit, Refusal? Refusal) Limit(SimulatedModel model, int promptTokens, SamplingParameters sampling)
    {
        var left = model.ContextWindow - promptTokens;
        if (left < 1)
        {
            return (0, Refusal.BadRequest($"This model's maximum context length is {model.ContextWindow} tokens. However, your request has "
                + $"{promptTokens} input tokens. Please reduce the length of the input messages."));
        }

        if (sampling.MaxTokens > left)
        {
            return (0, Refusal.BadRequest($"'max_tokens' or 'max_completion_tokens' is too large: {sampling.MaxTokens}. "
                + $"This model's maximum context length is {model.ContextWindow} tokens and your request has "
                + $"{promptTokens} input tokens ({sampling.MaxTokens} > {model.ContextWindow} - {promptTokens})."));
        }

        var limit = sampling.MaxTokens ?? left;
        return sampling.MinTokens > limit
            ? (0, Refusal.BadRequest($"min_tokens: expected at most max_tokens={limit}, got {sampling.MinTokens}."))
            : (limit, null);
    }

    private static IReadOnlyList<int> TokenIds(Fields body, string name)
    {
        if (body.Array(name) is not { } array)
        {
            return [];
        }

        var ids = new List<int>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind == System.Text.Json.JsonValueKind.Number && item.TryGetInt32(out var id))
            {
                ids.Add(id);
            }
        }

        if (ids.Count != array.GetArrayLength())
        {
            body.Fault(name, "a list of token ids", array);
        }

        return ids;
    }
}
