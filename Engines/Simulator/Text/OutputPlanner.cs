namespace Orrery.Simulator.Text;

/// <summary>What an answer is to be: prose, or text that something else decided.</summary>
internal abstract record AnswerForm
{
    /// <summary>Free text about <paramref name="Topics"/>; <paramref name="Lead"/> stands in front of it.</summary>
    internal sealed record FreeText(IReadOnlyList<string> Topics, string Lead = "") : AnswerForm;

    /// <summary>Exactly this text.</summary>
    internal sealed record Fixed(string Text) : AnswerForm;

    /// <summary>These calls, one after the other.</summary>
    internal sealed record Calls(IReadOnlyList<ToolCall> ToolCalls) : AnswerForm;
}

/// <summary>Decides an answer's tokens, its end and its finish reason.</summary>
internal static class OutputPlanner
{
    private const double MedianTokens = 120;
    private const double SpreadOfTokens = 0.6;
    private const int MostNaturalTokens = 2_000;

    /// <param name="limit">Tokens that the answer may have at most, from <c>max_tokens</c> and the context.</param>
    public static Output Plan(AnswerForm form, SamplingParameters sampling, int limit, ulong hash)
    {
        var random = StableHash.Random(hash);
        var tokens = new List<OutputToken>();
        IReadOnlyList<ToolCall> calls = [];
        switch (form)
        {
            case AnswerForm.Fixed { Text: var text }:
                tokens.AddRange(Tokenizer.Encode(text).Select(id => new OutputToken(id, Tokenizer.Decode(id))));
                break;
            case AnswerForm.Calls { ToolCalls: var toolCalls }:
                calls = toolCalls;
                AddCalls(tokens, calls);
                break;
            case AnswerForm.FreeText { Topics: var topics, Lead: var lead }:
                AddProse(tokens, new Prose(random, topics), lead, random, sampling, limit);
                break;
        }

        var endsNaturally = form is not AnswerForm.FreeText || !sampling.IgnoreEos;
        if (endsNaturally)
        {
            tokens.Add(new OutputToken(Tokenizer.EndOfText, ""));
        }

        var (kept, stop) = StopStrings.Apply([.. tokens.Take(limit)], sampling);
        var isWhole = stop is not null || (endsNaturally && tokens.Count <= limit);
        var reason = !isWhole ? "length" : calls.Count > 0 && stop is null ? "tool_calls" : "stop";
        return new Output(kept, reason, stop, calls, hash);
    }

    private static void AddProse(List<OutputToken> tokens, Prose prose, string lead, Random random, SamplingParameters sampling, int limit)
    {
        // Answers are log-normally long: many short ones, a few very long.
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var wanted = Math.Min(MedianTokens * Math.Exp(SpreadOfTokens * normal), MostNaturalTokens);
        wanted = sampling.IgnoreEos ? limit : Math.Max(wanted, sampling.MinTokens);
        for (var isFirst = true; tokens.Count < Math.Min(wanted, limit); isFirst = false)
        {
            var separator = isFirst ? lead : random.Next(6) == 0 ? "\n\n" : " ";
            foreach (var id in Tokenizer.Encode(separator + prose.NextSentence()))
            {
                tokens.Add(new OutputToken(id, Tokenizer.Decode(id)));
            }
        }
    }

    /// <summary>Tool calls as the Hermes template writes them; only the arguments are text that a client sees.</summary>
    private static void AddCalls(List<OutputToken> tokens, IReadOnlyList<ToolCall> calls)
    {
        for (var index = 0; index < calls.Count; index++)
        {
            var opening = Tokenizer.Encode($"<tool_call>\n{{\"name\": \"{calls[index].Name}\", \"arguments\": ");
            for (var i = 0; i < opening.Length; i++)
            {
                tokens.Add(new OutputToken(opening[i], "", index, OpensToolCall: i == opening.Length - 1));
            }

            foreach (var id in Tokenizer.Encode(calls[index].Arguments))
            {
                tokens.Add(new OutputToken(id, Tokenizer.Decode(id), index));
            }

            tokens.AddRange(Tokenizer.Encode("}\n</tool_call>").Select(id => new OutputToken(id, "", index)));
        }
    }
}
