using System.Buffers;
using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>A request with <c>background: true</c>: its client gets the response as it stands at the beginning, or follows its events; it goes on whether the client stays or not.</summary>
internal sealed class ResponseBackground(ResponseRuns runs, ResponseWords words, string? previousId, byte[] input, ReadOnlyMemory<byte> body) : IBackground
{
    public async ValueTask<Refusal> AnswerAsync(Exchange exchange)
    {
        var http = exchange.Http;
        var run = new Run
        {
            Kind = runs,
            Namespace = exchange.Caller.Namespace,
            Id = words.Ids.Response,
            KeyName = exchange.Caller.Key.Name,
            Headers = HeadersOf(exchange),
            Body = body.ToArray(),
            CreatedAt = exchange.StartedAt,
            State = new ResponseBeginning(previousId, input, Write(exchange, "in_progress"u8)),
        };
        var begun = run.Begun;
        if (await runs.Host.BeginAsync(run) is { } busy)
        {
            return busy;
        }

        if (await begun is { } refused)
        {
            await RelayAsync(http, refused, exchange.ClientLeft);
        }
        else if (exchange.Call.Stream)
        {
            await runs.FollowAsync(http, run.Namespace, run.Id, after: -1);
        }
        else
        {
            http.Response.ContentType = "application/json";
            await http.Response.BodyWriter.WriteAsync(Write(exchange, "queued"u8), exchange.ClientLeft);
        }

        return Refusal.Answered;
    }

    /// <summary>Ours, and the trace's: another gateway may have to run it, and credentials are not stored.</summary>
    private static Dictionary<string, string> HeadersOf(Exchange exchange)
    {
        var headers = exchange.Http.Request.Headers
            .Where(header => header.Key.StartsWith("X-Orrery-", StringComparison.OrdinalIgnoreCase) || header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        headers["traceparent"] = exchange.Trace.Traceparent;
        headers[OrreryHeaders.RequestId] = exchange.RequestId;
        return headers;
    }

    /// <summary>What was refused before anything began, as the client would have got it.</summary>
    private static async Task RelayAsync(HttpContext http, RunAnswer refused, CancellationToken cancellationToken)
    {
        http.Response.StatusCode = refused.Status;
        foreach (var header in refused.Headers)
        {
            http.Response.Headers[header.Key] = header.Value;
        }

        await http.Response.BodyWriter.WriteAsync(refused.Body, cancellationToken);
    }

    private byte[] Write(Exchange exchange, ReadOnlySpan<byte> status)
    {
        var response = new ArrayBufferWriter<byte>();
        words.Write(exchange, JsonText.Quote(exchange.Call.ModelName), status, items: default, error: null, incomplete: default, isStored: true, response);
        return response.WrittenSpan.ToArray();
    }
}

/// <summary>What is stored of a response that has just begun.</summary>
/// <param name="Response">The response object.</param>
internal sealed record ResponseBeginning(string? PreviousId, byte[] Input, byte[] Response);
