using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>Responses that are answered without their clients: where they lie as they grow, and how clients follow them.</summary>
internal sealed class ResponseRuns(IServiceProvider services, ResponseStore store, RunStore runs, TimeProvider time) : IRunKind
{
    private const int EventsAtOnce = 256;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);
    private ResponsesProtocol? _protocol;
    private RunHost? _host;

    public string Name => "responses";

    public Operation Operation => Operation.Chat;

    /// <remarks>These three know each other: found when first asked for.</remarks>
    public IClientProtocol? Protocol => _protocol ??= services.GetRequiredService<ResponsesProtocol>();

    public RunHost Host => _host ??= services.GetRequiredService<RunHost>();

    public Stream OpenAnswer(Run run, IHeaderDictionary headers) =>
        headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) ? new EventLog(runs, run, time) : new MemoryStream();

    public async ValueTask BeginAsync(Run run, Exchange exchange, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var beginning = (ResponseBeginning)run.State!;
        await store.AddAsync(connection, run.Namespace, new(run.Id, run.KeyName, beginning.PreviousId, ResponseStates.InProgress, run.CreatedAt, beginning.Input, exchange.IsSimulated ? ResponseWords.Simulated(beginning.Response) : beginning.Response), cancellationToken);
        run.IsSimulated = exchange.IsSimulated;
    }

    public async ValueTask EndAsync(Run run, RunAnswer answer, CancellationToken cancellationToken)
    {
        var last = run.Answer is EventLog log ? log.End : default;
        var response = !answer.IsWhole || answer.Status != StatusCodes.Status200OK ? ResponseOf(last)
            : run.Answer is MemoryStream whole ? whole.ToArray()
            : ResponseOf(last);
        if (response is null && await store.FindAsync(run.Namespace, run.Id, cancellationToken) is { } begun)
        {
            var (code, message) = RunAnswers.ErrorOf(answer);
            response = WithEnd(begun.Response, ResponseStates.Failed, new JsonObject { ["code"] = answer.Status == StatusCodes.Status429TooManyRequests ? "rate_limit_exceeded" : "server_error", ["message"] = $"{message} ({code})" });
        }

        if (response is not null)
        {
            await store.UpdateAsync(run.Namespace, run.Id, NativeResponse.StatusOf(response), response, cancellationToken);
        }
    }

    /// <summary>Whose events somebody may have read already is not told another way.</summary>
    public async ValueTask<bool> MayBeginAgainAsync(Run run, CancellationToken cancellationToken) =>
        (await runs.EventsAsync(run.Namespace, run.Id, after: -1, most: 1, cancellationToken)).Count == 0;

    /// <summary>Ends a response that runs, here or elsewhere.</summary>
    /// <returns>The response as it is now; <c>null</c>: it is not there any more.</returns>
    public async ValueTask<StoredResponse?> CancelAsync(StoredResponse response, string @namespace, CancellationToken cancellationToken)
    {
        await store.UpdateAsync(@namespace, response.Id, ResponseStates.Cancelled, WithEnd(response.Response, ResponseStates.Cancelled, error: null), cancellationToken);
        await runs.RemoveAsync(@namespace, response.Id, cancellationToken);
        Host.Find(@namespace, response.Id)?.Cancel();
        return await store.FindAsync(@namespace, response.Id, cancellationToken);
    }

    /// <summary>Sends the events of a response as they come, from after a number on, until its end.</summary>
    public async Task FollowAsync(HttpContext http, string @namespace, string id, int after)
    {
        var left = http.RequestAborted;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        await http.Response.StartAsync(left);
        try
        {
            var isAtEnd = after >= 0 && (await runs.EventsAsync(@namespace, id, after - 1, most: 1, left)) is [var last] && EventLog.IsEnd(last.Event);
            while (!isAtEnd)
            {
                // In this order: what is at its end has told all, and what changes after this is waited for.
                var changed = Host.Find(@namespace, id)?.Changed;
                var status = await store.StatusAsync(@namespace, id, left);
                var events = await runs.EventsAsync(@namespace, id, after, EventsAtOnce, left);
                foreach (var (sequence, bytes) in events)
                {
                    await http.Response.BodyWriter.WriteAsync(bytes, left);
                    (after, isAtEnd) = (sequence, isAtEnd || EventLog.IsEnd(bytes));
                }

                if (events.Count > 0)
                {
                    continue;
                }

                if (status is not (ResponseStates.Queued or ResponseStates.InProgress))
                {
                    await WriteEndAsync(http, @namespace, id, after + 1);
                    return;
                }

                await Task.WhenAny(changed ?? Task.Delay(Glance, time, left), Task.Delay(Glance * 4, time, left));
                left.ThrowIfCancellationRequested();
            }
        }
        catch (StorageAwayException)
        {
            http.Abort(); // What was sent is not the whole; the client may come back with starting_after.
        }
    }

    /// <summary>The end of a response whose events do not say it: it was not made as a stream, or its gateway died.</summary>
    private async Task WriteEndAsync(HttpContext http, string @namespace, string id, int sequence)
    {
        if (await store.FindAsync(@namespace, id, http.RequestAborted) is { Status: ResponseStates.Completed or ResponseStates.Incomplete or ResponseStates.Failed } response)
        {
            var output = http.Response.BodyWriter;
            System.Buffers.BuffersExtensions.Write(output, System.Text.Encoding.UTF8.GetBytes(
                $"event: response.{response.Status}\ndata: {{\"type\":\"response.{response.Status}\",\"sequence_number\":{sequence},\"response\":"));
            System.Buffers.BuffersExtensions.Write(output, response.Response);
            System.Buffers.BuffersExtensions.Write(output, "}\n\n"u8);
            await output.FlushAsync(http.RequestAborted);
        }
    }

    private static byte[]? ResponseOf(ReadOnlyMemory<byte> end)
    {
        if (end.IsEmpty)
        {
            return null;
        }

        using var document = JsonDocument.Parse(end);
        return document.RootElement.GetProperty("response"u8).Raw().ToArray();
    }

    private static byte[] WithEnd(byte[] response, string status, JsonNode? error)
    {
        var node = JsonNode.Parse(response)!;
        node["status"] = status;
        node["error"] = error;
        return System.Text.Encoding.UTF8.GetBytes(node.ToJsonString(Readable));
    }

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
