using System.Buffers;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>A request with <c>background: true</c>: its client gets the response as it stands at the beginning, or follows its events; it goes on whether the client stays or not.</summary>
internal sealed class ResponseBackground(ResponseRuns runs, ResponseWords words, string? previousId, byte[] input, ReadOnlyMemory<byte> body) : IBackground
{
    public async ValueTask<Refusal> AnswerAsync(Exchange exchange)
    {
        var http = exchange.Http;
        var run = Run.Of(exchange, runs, words.Ids.Response, body.ToArray(), new ResponseBeginning(previousId, input, Write(exchange, "in_progress"u8)));
        if (await runs.Host.BeginAsync(exchange, run) is { } refused)
        {
            return refused;
        }

        Sending.AnswerHead.Mark(http.Response, run.IsSimulated);
        if (exchange.Call.Stream)
        {
            await runs.FollowAsync(http, run.Namespace, run.Id, after: -1);
        }
        else
        {
            http.Response.ContentType = "application/json";
            var queued = Write(exchange, "queued"u8);
            await http.Response.BodyWriter.WriteAsync(run.IsSimulated ? ResponseWords.Simulated(queued) : queued, exchange.ClientLeft);
        }

        return Refusal.Answered;
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
