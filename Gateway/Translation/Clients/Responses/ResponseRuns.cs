using System.Buffers;
using System.Globalization;
using System.Text;
using Npgsql;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>Responses that are answered without their clients: where they lie as they grow, and how clients follow them.</summary>
internal sealed class ResponseRuns(IServiceProvider services, ResponseStore store, RunStore runs, TimeProvider time) : IRunKind
{
    private const int EventsAtOnce = 256;

    /// <summary>Of all that follow; the rest of the database's connections is for what answers requests.</summary>
    private const int MostLooking = 6;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);
    private readonly SemaphoreSlim _turns = new(MostLooking);
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
        var isWhole = answer.IsWhole && answer.Status == StatusCodes.Status200OK;
        var response = isWhole && run.Answer is MemoryStream whole ? whole.ToArray() : NativeResponse.OfEvent(last.Span);
        var status = response.Length == 0 ? ResponseStates.InProgress : NativeResponse.StatusOf(response);
        if (ResponseStates.IsOpen(status))
        {
            if (await store.FindAsync(run.Namespace, run.Id, cancellationToken) is not { } begun)
            {
                return;
            }

            (status, response) = (ResponseStates.Failed, NativeResponse.WithEnd(begun.Response, ResponseStates.Failed, ErrorOf(answer)));
        }

        await store.UpdateAsync(run.Namespace, run.Id, status, response, cancellationToken);
    }

    /// <summary>Whose events somebody may have read already is not told another way.</summary>
    public async ValueTask<bool> MayBeginAgainAsync(Run run, CancellationToken cancellationToken) =>
        (await runs.EventsAsync(run.Namespace, run.Id, after: -1, most: 1, cancellationToken)).Count == 0;

    /// <summary>Ends a response that runs, here or elsewhere.</summary>
    /// <returns>The response as it is now; <c>null</c>: it is not there any more.</returns>
    public async ValueTask<StoredResponse?> CancelAsync(StoredResponse response, string @namespace, CancellationToken cancellationToken)
    {
        await store.CancelAsync(@namespace, response.Id, NativeResponse.WithEnd(response.Response, ResponseStates.Cancelled, "null"u8.ToArray()), cancellationToken);
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
                var changed = Host.Find(@namespace, id)?.Changed; // Before the question: what changes after it is waited for.
                var (status, events) = await LookAsync(@namespace, id, after, left);
                foreach (var (sequence, bytes) in events)
                {
                    await http.Response.BodyWriter.WriteAsync(bytes, left);
                    (after, isAtEnd) = (sequence, isAtEnd || EventLog.IsEnd(bytes));
                }

                if (events.Count > 0)
                {
                    continue;
                }

                if (status is null || !ResponseStates.IsOpen(status))
                {
                    await WriteEndAsync(http, @namespace, id, after);
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

    /// <remarks>Any number of clients may follow: they take turns, and a question that was asked is waited for, since to take it back would take a connection more.</remarks>
    private async Task<(string? Status, List<(int Sequence, byte[] Event)> Events)> LookAsync(string @namespace, string id, int after, CancellationToken left)
    {
        await _turns.WaitAsync(left);
        try
        {
            return await store.NewsAsync(@namespace, id, after, EventsAtOnce, CancellationToken.None);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>
    /// The end of a response whose events do not say it: it was not made as a stream, its gateway died, or somebody has ended it. Of the last nobody may take what came for the whole.
    /// </summary>
    /// <param name="after">The number of the last event that the client has.</param>
    private async Task WriteEndAsync(HttpContext http, string @namespace, string id, int after)
    {
        var sequence = await runs.CountEventsAsync(@namespace, id, http.RequestAborted);
        var response = await store.FindAsync(@namespace, id, http.RequestAborted);
        if (response is not null && after >= sequence)
        {
            return; // It has the end too.
        }

        var output = new ArrayBufferWriter<byte>();
        if (response is null)
        {
            output.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"event: error\ndata: {{\"type\":\"error\",\"sequence_number\":{after + 1L}")));
            ResponseWords.WriteError(Gone(id), output);
        }
        else
        {
            var name = response.Status == ResponseStates.Cancelled ? ResponseStates.Failed : response.Status; // The specification has no event of its own for it.
            output.Write(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"event: response.{name}\ndata: {{\"type\":\"response.{name}\",\"sequence_number\":{sequence},\"response\":")));
            output.Write(response.Response);
        }

        output.Write("}\n\n"u8);
        await http.Response.BodyWriter.WriteAsync(output.WrittenMemory, http.RequestAborted);
        if (response is null or { Status: ResponseStates.Cancelled })
        {
            await BrokenAnswer.CutAsync(http, time);
        }
    }

    private static byte[] ErrorOf(RunAnswer answer)
    {
        var (code, message) = answer.Status == StatusCodes.Status200OK && answer.IsWhole
            ? ("upstream_error", "The model's server ended its answer without an end.")
            : RunAnswers.ErrorOf(answer);
        var error = new ArrayBufferWriter<byte>();
        error.Write(answer.Status == StatusCodes.Status429TooManyRequests ? "{\"code\":\"rate_limit_exceeded\",\"message\":"u8 : "{\"code\":\"server_error\",\"message\":"u8);
        error.Write(JsonText.Quote($"{message} ({code})"));
        error.Write("}"u8);
        return error.WrittenSpan.ToArray();
    }

    private static Refusal Gone(string id) => new(
        StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "response_not_found", $"The response '{Shown.Of(id)}' was deleted, or has expired, before it was at its end.", "response_id");
}
