using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Tests.Catalogue;

namespace Orrery.Tests.Builder.Container;

/// <summary>Applications that ask a model through the gateway, each one question after the other, until it is disposed; what they did not get is kept.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    /// <summary>Of those who read streams: so many are under way at a time at most.</summary>
    public const int Readers = 3;

    private const int Askers = 5;
    private readonly HttpClient _http;
    private readonly string _model;
    private readonly List<Task> _callers;
    private readonly ConcurrentQueue<string> _lost = [];
    private readonly ConcurrentQueue<string> _broken = [];
    private volatile bool _ends;
    private int _answered;
    private int _streamed;

    private SteadyLoad(Uri gateway, string model)
    {
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = gateway };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", CatalogueReplica.FirstKey);
        _model = model;
        _callers = [.. Enumerable.Range(0, Askers).Select(_ => CallAsync(isStream: false)), .. Enumerable.Range(0, Readers).Select(_ => CallAsync(isStream: true))];
    }

    /// <summary>Whole answers that came.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Streams that came to their end.</summary>
    public int Streamed => Volatile.Read(ref _streamed);

    /// <summary>Questions without an answer, with what came instead.</summary>
    public IReadOnlyList<string> Lost => [.. _lost];

    /// <summary>Streams that had begun and did not end, or did not begin.</summary>
    public IReadOnlyList<string> Broken => [.. _broken];

    public static SteadyLoad Begin(Uri gateway, string model) => new(gateway, model);

    /// <summary>Waits until so many more have been answered, streams included.</summary>
    public async Task MoreAsync(int requests)
    {
        var goal = Answered + Streamed + requests;
        await Eventually.Holds(() => Answered + Streamed >= goal);
    }

    public override string ToString() => $"{Answered} answered, {Lost.Count} lost; {Streamed} streams read to the end, {Broken.Count} broken";

    /// <summary>No new questions; those that are under way are waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        _ends = true;
        await Task.WhenAll(_callers);
        _http.Dispose();
    }

    private async Task CallAsync(bool isStream)
    {
        for (var number = 0; !_ends; number++)
        {
            var fault = await TryAsync(isStream, $"Question {number}");
            if (fault is not null)
            {
                (isStream ? _broken : _lost).Enqueue(fault);
            }
            else if (isStream)
            {
                Interlocked.Increment(ref _streamed);
            }
            else
            {
                Interlocked.Increment(ref _answered);
            }
        }
    }

    /// <returns>What came in place of an answer.</returns>
    private async Task<string?> TryAsync(bool isStream, string question)
    {
        try
        {
            var body = new JsonObject
            {
                ["model"] = _model,
                ["max_tokens"] = 16,
                ["stream"] = isStream,
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
            };
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var text = await response.Content.ReadAsStringAsync();
            return response.StatusCode == HttpStatusCode.OK && text.Contains(isStream ? "data: [DONE]" : "\"chat.completion\"", StringComparison.Ordinal) ? null : $"{(int)response.StatusCode} {text}";
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            return error.Message;
        }
    }
}
