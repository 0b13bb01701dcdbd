using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace Orrery.Tests.Catalogue;

/// <summary>One server-sent event.</summary>
internal sealed record Event(string Name, string? Id, string Data)
{
    public JsonNode Json => JsonNode.Parse(Data)!;
}

/// <summary>Reads an open stream of server-sent events, one at a time.</summary>
internal sealed class EventReader(HttpResponseMessage response, Stream body) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly CancellationTokenSource _closing = new();
    private IAsyncEnumerator<SseItem<string>>? _events;

    /// <summary>The next event; <c>null</c> when the stream has ended.</summary>
    public async Task<Event?> NextAsync()
    {
        var parser = SseParser.Create(body);
        _events ??= parser.EnumerateAsync(_closing.Token).GetAsyncEnumerator(_closing.Token);
        return await _events.MoveNextAsync().AsTask().WaitAsync(Patience)
            ? new Event(_events.Current.EventType, _events.Current.EventId, _events.Current.Data)
            : null;
    }

    /// <summary>The next event of one of these names; others are passed over.</summary>
    public async Task<Event> NextAsync(params string[] names)
    {
        while (await NextAsync() is { } next)
        {
            if (names.Contains(next.Name))
            {
                return next;
            }
        }

        throw new Xunit.Sdk.XunitException($"The stream ended before {string.Join(" or ", names)} came.");
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        response.Dispose();
        _closing.Dispose();
    }
}
