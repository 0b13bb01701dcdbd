using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.WebConsole.Resources;

/// <summary>Follows the running graph, asks for output and gives commands.</summary>
internal sealed partial class ResourceFeedClient(
    IHttpClientFactory clients, IOptions<ResourcesOptions> options, ResourceBook book, TimeProvider time, ILogger<ResourceFeedClient> logger) : BackgroundService
{
    public const string Client = "resource-feed";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is a graph to follow: on a laptop, not in a cluster.</summary>
    public bool IsConfigured => options.Value.IsConfigured;

    /// <summary>What a resource wrote and writes.</summary>
    public async IAsyncEnumerable<ResourceOutput> OutputAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var client = CreateClient();
        using var response = await client.GetAsync(ResourceFeedContract.Output(id), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            yield break;
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (JsonSerializer.Deserialize(line, ResourceFeedJson.Default.ResourceOutput) is { } output)
            {
                yield return output;
            }
        }
    }

    public async Task<ResourceCommandResult> ExecuteAsync(string id, string command, CancellationToken cancellationToken)
    {
        using var client = CreateClient();
        try
        {
            using var response = await client.PostAsync(ResourceFeedContract.Command(id, command), content: null, cancellationToken);
            var answer = await response.Content.ReadAsStringAsync(cancellationToken);
            return (int)response.StatusCode is 200 or 409
                ? JsonSerializer.Deserialize(answer, ResourceFeedJson.Default.ResourceCommandResult)!
                : new(false, answer);
        }
        catch (HttpRequestException error)
        {
            return new(false, $"The AppHost does not answer: {error.Message}");
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (IsConfigured && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
                book.Lost("The AppHost has ended the stream.");
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.Lost(logger, error.Message);
                book.Lost($"The AppHost is not heard: {error.Message}");
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        // An AppHost that is held still keeps the connection open and says nothing.
        using var silence = new CancellationTokenSource(options.Value.Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, stoppingToken);
        try
        {
            using var client = CreateClient();
            await using var stream = await client.GetStreamAsync(ResourceFeedContract.Stream, either.Token);
            book.Heard();
            var isFirst = true;
            await foreach (var change in SseParser.Create(stream).EnumerateAsync(either.Token))
            {
                silence.CancelAfter(options.Value.Silence);
                if (JsonSerializer.Deserialize(change.Data, ResourceFeedJson.Default.IReadOnlyListRunningResource) is not { Count: > 0 } resources)
                {
                    continue; // A heartbeat.
                }

                book.Update(resources, isWhole: isFirst); // What comes first is the whole graph.
                isFirst = false;
            }
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !stoppingToken.IsCancellationRequested)
        {
            throw new TimeoutException($"it has said nothing for {options.Value.Silence.TotalSeconds:0.#} s");
        }
    }

    private HttpClient CreateClient()
    {
        var client = clients.CreateClient(Client);
        client.BaseAddress = new Uri(options.Value.Url!);
        client.DefaultRequestHeaders.Add(ResourceFeedContract.KeyHeader, options.Value.Key);
        return client;
    }

    private static partial class Log
    {
        [LoggerMessage(201, LogLevel.Warning, "The running graph is not heard: {Reason}; trying again", EventName = "FeedLost")]
        public static partial void Lost(ILogger logger, string reason);
    }
}
