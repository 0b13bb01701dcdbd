namespace Orrery.Simulator.Timing;

/// <summary>What the scheduler needs to know of a prompt and its answer: how long they are and what their blocks hold.</summary>
/// <param name="PromptTokens">At least 1.</param>
/// <param name="OutputTokens">Tokens to generate; 0 for an embedding, which ends with its prefill.</param>
/// <param name="BlockHashes">One a full block of prompt and output together (<see cref="BlockHashes.Of"/>); may be empty: then nothing is shared.</param>
/// <param name="EndsByLength">Whether a limit, not the model, ends the answer; for the metrics.</param>
internal sealed record SequencePlan(int PromptTokens, int OutputTokens, ReadOnlyMemory<ulong> BlockHashes, bool EndsByLength = false);

internal enum SequencePhase
{
    /// <summary>On its way in; see <see cref="Profile.TimeToFirstTokenMs"/>.</summary>
    Arriving,
    Waiting,
    Running,
    Finished,
    Cancelled,
}

/// <summary>One answer in the making. The scheduler writes, under its lock; a request reads <see cref="Generated"/> and <see cref="Phase"/>.</summary>
internal sealed class Sequence(SequencePlan plan, ProgressSignal signal, TimeSpan arrivedAt)
{
    private int _generated;
    private int _phase;

    public SequencePlan Plan => plan;

    public ProgressSignal Signal => signal;

    /// <summary>When it was submitted, since the scheduler's start.</summary>
    public TimeSpan ArrivedAt => arrivedAt;

    public TimeSpan FirstTokenAt { get; set; }

    public TimeSpan LastTokenAt { get; set; }

    /// <summary>Prompt tokens whose blocks were already there when the sequence was first let in.</summary>
    public int CachedTokens { get; set; }

    public int Preemptions { get; set; }

    public int Generated
    {
        get => Volatile.Read(ref _generated);
        set => Volatile.Write(ref _generated, value);
    }

    public SequencePhase Phase
    {
        get => (SequencePhase)Volatile.Read(ref _phase);
        set => Volatile.Write(ref _phase, (int)value);
    }

    public bool IsOver => Phase is SequencePhase.Finished or SequencePhase.Cancelled;

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int Computed { get; set; }

    public List<int> Blocks { get; } = [];

    /// <summary>Tokens that are known and not yet computed.</summary>
    public int Missing => plan.PromptTokens + Generated - Computed;
}
