namespace Orrery.Simulator.Text;

/// <summary>How an answer is to be drawn, in vLLM's terms and with its defaults.</summary>
internal sealed record SamplingParameters
{
    /// <summary>Answers to each prompt.</summary>
    public int Choices { get; init; } = 1;

    public double Temperature { get; init; } = 1;

    public double TopP { get; init; } = 1;

    public int TopK { get; init; }

    public double MinP { get; init; }

    public double FrequencyPenalty { get; init; }

    public double PresencePenalty { get; init; }

    public double RepetitionPenalty { get; init; } = 1;

    public long Seed { get; init; }

    /// <summary>Tokens of the answer at most; null: as many as the context leaves.</summary>
    public int? MaxTokens { get; init; }

    public int MinTokens { get; init; }

    public IReadOnlyList<string> Stop { get; init; } = [];

    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    public bool IncludeStop { get; init; }

    public bool IgnoreEos { get; init; }

    /// <summary>Alternatives to show for each token; null: no log probabilities at all.</summary>
    public int? Logprobs { get; init; }

    /// <summary>
    /// Everything that decides what is drawn. Limits and stops only cut, so they take no part: a shorter answer begins like the longer one.
    /// At temperature 0 neither seed nor choice matters, as with greedy decoding.
    /// </summary>
    public ulong Hash(string model, ReadOnlySpan<int> prompt, int choice)
    {
        var hash = StableHash.Add(StableHash.Add(0UL, model), prompt);
        hash = StableHash.Add(StableHash.Add(StableHash.Add(hash, FrequencyPenalty), PresencePenalty), RepetitionPenalty);
        if (Temperature == 0)
        {
            return hash;
        }

        hash = StableHash.Add(StableHash.Add(StableHash.Add(hash, Temperature), TopP), MinP);
        return StableHash.Add(StableHash.Add(StableHash.Add(hash, (ulong)TopK), (ulong)Seed), (ulong)choice);
    }
}
