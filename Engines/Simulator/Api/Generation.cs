using Orrery.Simulator.Replicas;
using Orrery.Simulator.Text;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Api;

/// <summary>The sequences of one request. Disposed, or with the client gone, those that still run are cancelled.</summary>
internal sealed class Generation : IDisposable
{
    private readonly ProgressSignal _signal = new();
    private readonly Scheduler _scheduler;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenRegistration _registration;

    private Generation(Scheduler scheduler, IEnumerable<SequencePlan> plans, CancellationToken aborted)
    {
        _scheduler = scheduler;
        _aborted = aborted;
        Sequences = [.. plans.Select(plan => scheduler.Submit(plan, _signal))];
        _registration = aborted.UnsafeRegister(static generation => ((Generation)generation!).Cancel(), this);
    }

    public IReadOnlyList<Sequence> Sequences { get; }

    public bool IsOver => Sequences.All(sequence => sequence.IsOver);

    public int Generated => Sequences.Sum(sequence => sequence.Generated);

    /// <summary>Cached tokens of every prompt, each counted once.</summary>
    public int CachedTokens(int choicesPerPrompt) => Sequences.Where((_, index) => index % choicesPerPrompt == 0).Sum(sequence => sequence.CachedTokens);

    /// <param name="choices">Every prompt with one answer that is to be generated for it.</param>
    public static Generation Start(SimulatedModel model, IEnumerable<(int[] Prompt, Output Output)> choices, ulong cacheSalt, CancellationToken aborted) =>
        new(model.Scheduler, choices.Select(choice => PlanOf(choice.Prompt, choice.Output, cacheSalt ^ model.CacheSalt)), aborted);

    public static Generation StartPrefill(SimulatedModel model, IEnumerable<int[]> prompts, CancellationToken aborted) =>
        new(model.Scheduler, prompts.Select(prompt => new SequencePlan(prompt.Length, 0, BlockHashes.Of(prompt, [], model.CacheSalt))), aborted);

    /// <summary>Waits until some sequence has moved.</summary>
    /// <returns><c>false</c> when the client has left.</returns>
    public async ValueTask<bool> WaitAsync()
    {
        await _signal.WaitAsync();
        return !_aborted.IsCancellationRequested;
    }

    public void Dispose()
    {
        _registration.Dispose();
        Cancel();
    }

    private static SequencePlan PlanOf(int[] prompt, Output output, ulong cacheSalt)
    {
        var tokens = Array.ConvertAll(output.Tokens, token => token.Id);
        return new SequencePlan(prompt.Length, tokens.Length, BlockHashes.Of(prompt, tokens, cacheSalt), output.FinishReason == "length");
    }

    private void Cancel()
    {
        foreach (var sequence in Sequences)
        {
            _scheduler.Cancel(sequence);
        }

        _signal.Pulse();
    }
}
