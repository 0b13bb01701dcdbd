using System.Net.Http.Json;

namespace Orrery.Tests.EndToEnd;

/// <summary>Clients of the running graph that ask on and on, streamed and not, a few of them for what does not exist, until it is disposed.</summary>
internal sealed class Load : IAsyncDisposable
{
    private const int Clients = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Task> _clients;
    private int _answered;

    private Load(RunningGraph graph) => _clients = [.. Enumerable.Range(0, Clients).Select(number => AskAsync(graph, number))];

    public static Load Begin(RunningGraph graph) => new(graph);

    public Task<bool> AnsweredAsync(int requests) => Eventually.Holds(() => Volatile.Read(ref _answered) >= requests);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAll(_clients);
        _ended.Dispose();
    }

    private async Task AskAsync(RunningGraph graph, int number)
    {
        using var client = graph.GatewayClient();
        try
        {
            for (var i = number; ; i++)
            {
                var (path, body) = (i % 7) switch
                {
                    0 => ("/v1/embeddings", (object)new { model = RunningGraph.EmbeddingModel, input = "a text" }),
                    1 => ("/v1/chat/completions", new { model = "no-such-model", messages = new[] { new { role = "user", content = "x" } } }),
                    _ => ("/v1/chat/completions", new { model = RunningGraph.ChatModel, max_tokens = 10 + i % 20, stream = i % 2 == 0, messages = new[] { new { role = "user", content = $"Question {i}" } } }),
                };
                using var answer = await client.PostAsJsonAsync(path, body, _ended.Token);
                await answer.Content.ReadAsByteArrayAsync(_ended.Token);
                Interlocked.Increment(ref _answered);
                await Task.Delay(Pause, TimeProvider.System, _ended.Token);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // It is over.
        }
    }
}
