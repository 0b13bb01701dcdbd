using System.Collections.Concurrent;

namespace Orrery.Catalogue.Deployments;

/// <summary>
/// Questions to servers outside that nobody waits for: whoever asks comes again until the answer is here. So a server that does not answer holds up
/// those deployments alone that need its word.
/// </summary>
internal sealed class BackgroundQuestions(TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>What went wrong here (the database is away) is told to whoever comes soon, and is no answer.</summary>
    private static readonly TimeSpan FailureStands = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Question> _questions = new(StringComparer.Ordinal);

    /// <summary>The answer; <c>null</c>: it is on its way. The same question is asked once.</summary>
    /// <param name="kept">How long the answer stands; whoever comes later asks anew.</param>
    public async Task<T?> FindAsync<T>(string question, TimeSpan kept, Func<CancellationToken, Task<T>> ask)
        where T : class
    {
        Forget();
        var asked = _questions.GetOrAdd(question, static (_, start) => new Question(start), () => RunAsync(question, kept, ask));
        return asked.Answer is { IsCompleted: true } answer ? (T)await answer : null;
    }

    private async Task<object> RunAsync<T>(string question, TimeSpan kept, Func<CancellationToken, Task<T>> ask)
        where T : class
    {
        var stands = FailureStands;
        try
        {
            var answer = await Task.Run(() => ask(lifetime.ApplicationStopping), lifetime.ApplicationStopping);
            stands = kept;
            return answer;
        }
        finally
        {
            _questions[question].Until = time.GetUtcNow() + stands;
        }
    }

    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var known in _questions.Where(pair => pair.Value.Until <= now).ToList())
        {
            _questions.TryRemove(known);
        }
    }

    /// <remarks>Lazy, since the table may try out several that are added at once, and only one is to ask.</remarks>
    private sealed class Question(Func<Task<object>> start)
    {
        private readonly Lazy<Task<object>> _answer = new(start);

        public Task<object> Answer => _answer.Value;

        /// <summary>Absent until it is answered.</summary>
        public DateTimeOffset? Until { get; set; }
    }
}
