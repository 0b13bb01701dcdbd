namespace Orrery.Simulator.Timing;

/// <summary>How fast one simulated engine is, and how much it holds. The defaults feel like an 8B model in bf16 on one 80 GB GPU.</summary>
/// <remarks>The formulae that use these numbers are in docs/simulator.md.</remarks>
public sealed record Profile
{
    public static readonly Profile Default = new();

    /// <summary>The built-in presets, by the name that configuration uses.</summary>
    public static readonly IReadOnlyDictionary<string, Profile> Presets = new Dictionary<string, Profile>(StringComparer.OrdinalIgnoreCase)
    {
        ["8b"] = Default,
        ["70b"] = new()
        {
            PrefillTokensPerSecond = 5_000,
            DecodeMsPerStep = 26,
            PerSequenceMs = 0.12,
            KvMsPerThousandTokens = 0.025,
            KvBlocks = 36_000,
            TimeToFirstTokenMs = 140,
        },
        ["embedding"] = new() { PrefillTokensPerSecond = 60_000, MaxBatchedTokens = 8_192, DecodeMsPerStep = 4, TimeToFirstTokenMs = 8 },
        ["instant"] = new()
        {
            PrefillTokensPerSecond = 10_000_000,
            MaxBatchedTokens = 65_536,
            DecodeMsPerStep = 0.1,
            PerSequenceMs = 0,
            KvMsPerThousandTokens = 0,
            TimeToFirstTokenMs = 0,
            JitterPercent = 0,
        },
    };

    /// <summary>Prompt tokens computed a second. Above 0.</summary>
    public double PrefillTokensPerSecond { get; init; } = 14_000;

    /// <summary>Tokens that one step may compute, prompts and decodes together: longer prompts are prefilled in chunks. At least 1.</summary>
    public int MaxBatchedTokens { get; init; } = 2_048;

    /// <summary>Milliseconds of a step that decodes one sequence over an empty cache. Above 0.</summary>
    public double DecodeMsPerStep { get; init; } = 12;

    /// <summary>Milliseconds that each further sequence adds to a step.</summary>
    public double PerSequenceMs { get; init; } = 0.05;

    /// <summary>Milliseconds that every thousand tokens of context read add to a step.</summary>
    public double KvMsPerThousandTokens { get; init; } = 0.03;

    /// <summary>Sequences that run at once; the others wait. At least 1.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Blocks of 16 tokens in the KV cache. At least 1.</summary>
    public int KvBlocks { get; init; } = 27_000;

    /// <summary>The least time to the first token, in milliseconds: what HTTP, tokenizing and scheduling cost before the GPU works.</summary>
    public double TimeToFirstTokenMs { get; init; } = 60;

    /// <summary>Each step takes its time plus or minus up to so many percent. 0 to 90.</summary>
    public double JitterPercent { get; init; } = 3;

    /// <summary>Whether prompts may reuse blocks that an earlier sequence computed.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Seed of the jitter.</summary>
    public int Seed { get; init; }

    /// <summary>How long after its start the engine is unready (503).</summary>
    public TimeSpan StartupDelay { get; init; }

    /// <summary>What a step takes before jitter.</summary>
    /// <param name="sequences">Sequences in the step, at least 1.</param>
    /// <param name="contextTokens">Tokens of context that the step's decodes read.</param>
    /// <param name="prefillTokens">Prompt tokens that the step computes.</param>
    public TimeSpan StepTime(int sequences, long contextTokens, int prefillTokens) => TimeSpan.FromMilliseconds(
        DecodeMsPerStep
        + (PerSequenceMs * (sequences - 1))
        + (KvMsPerThousandTokens * contextTokens / 1_000)
        + (1_000 * prefillTokens / PrefillTokensPerSecond));
}
