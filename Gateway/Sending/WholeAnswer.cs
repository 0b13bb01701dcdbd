using Microsoft.Extensions.Options;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Sending;

/// <summary>An answer without streaming: taken whole, looked through once, sent on with the model's public id. Until it is whole the client has seen nothing.</summary>
internal sealed class WholeAnswer(BufferPool pool, IOptions<GatewayOptions> options)
{
    private const int FirstGuess = 8 << 10;
    private readonly int _longest = options.Value.MaxAnswerBytes;
    private readonly byte[]? _reasoningName = ReasoningName.Quoted(options.Value.ReasoningField);

    public async Task<SendError?> RelayAsync(Exchange exchange, Candidate candidate, HttpResponseMessage response, IdleTimeout timeout)
    {
        var announced = response.Content.Headers.ContentLength;
        if (announced > _longest)
        {
            return TooLong(candidate);
        }

        var buffer = pool.Rent((int)(announced ?? FirstGuess) + 1);
        var length = 0;
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
            while (length != announced)
            {
                if (length == buffer.Length)
                {
                    buffer = pool.Grow(buffer, length, length + 1);
                }

                timeout.Set(candidate.Provider.IdleTimeout);
                var read = await body.ReadAsync(buffer.AsMemory(length), timeout.Token);
                if (read == 0)
                {
                    break;
                }

                length += read;
                if (length > _longest)
                {
                    return TooLong(candidate);
                }
            }

            timeout.Clear();
            await SocketThreads.LeaveFor(length);
            var answer = buffer.AsMemory(0, length);
            return exchange.Dialogue?.NativeAt(candidate) is { } native ? await SendAsync(exchange, candidate, native, answer)
                : candidate.Provider.Adapter is ITranslatingAdapter adapter ? await SendAsync(exchange, candidate, adapter, answer)
                : await SendAsync(exchange, candidate, answer);
        }
        finally
        {
            pool.Return(buffer);
        }
    }

    private async Task<SendError?> SendAsync(Exchange exchange, Candidate candidate, ReadOnlyMemory<byte> answer)
    {
        if (!AnswerScan.TryRead(answer.Span, out var facts))
        {
            if (AnswerScan.IsError(answer.Span))
            {
                return candidate.Provider.Adapter.ReadError(candidate, StatusCodes.Status200OK, answer.Span, retryAfter: null);
            }

            if (exchange.Operation.Answer != AnswerShape.AsItComes || !AnswerScan.IsJson(answer.Span))
            {
                return SendError.Of(candidate, SendErrorKind.Malformed, "answered with what is not a JSON object");
            }

            facts = default; // A list or a string: there is nothing in it to exchange.
        }

        if (facts.IsError)
        {
            return candidate.Provider.Adapter.ReadError(candidate, StatusCodes.Status200OK, answer.Span, retryAfter: null);
        }

        if (exchange.Operation.AnswersWithChoices && !facts.HasChoices)
        {
            return SendError.Of(candidate, SendErrorKind.Malformed, "answered without choices");
        }

        exchange.Meter.Count(facts);
        exchange.Story?.Answered(answer.Span);
        if (exchange.Dialogue is not null)
        {
            return await TellAsync(exchange, candidate, answer);
        }

        var edits = new EditList();
        if (facts.Model.IsPresent)
        {
            edits.Add(facts.Model, candidate.Model.IdJson);
        }

        ReasoningName.Spell(answer.Span, facts, _reasoningName, ref edits);
        var response = exchange.Http.Response;
        AnswerHead.ForWhole(exchange, candidate, edits.LengthAfter(answer.Length));
        await response.StartAsync(exchange.ClientLeft); // What is written before it would be kept beside the connection and copied there once more.
        edits.Write(answer.Span, response.BodyWriter);
        var flushed = await response.BodyWriter.FlushAsync(exchange.ClientLeft);
        return flushed.IsCompleted ? SendError.Of(candidate, SendErrorKind.ClientLeft, "had answered") : null;
    }

    private async Task<SendError?> SendAsync(Exchange exchange, Candidate candidate, ITranslatingAdapter adapter, ReadOnlyMemory<byte> answer)
    {
        using var translated = new HeldBytes(pool);
        if (adapter.WriteAnswer(exchange, candidate, answer.Span, _reasoningName, translated) is { } error)
        {
            return error;
        }

        exchange.Story?.Answered(translated.Written);
        return exchange.Dialogue is null
            ? await SendAsync(exchange, candidate, translated)
            : await TellAsync(exchange, candidate, translated.WrittenMemory);
    }

    private async Task<SendError?> SendAsync(Exchange exchange, Candidate candidate, INativeDialogue native, ReadOnlyMemory<byte> answer)
    {
        using var told = new HeldBytes(pool);
        if (native.WriteAnswer(exchange, candidate, answer.Span, told) is { } error)
        {
            return error;
        }

        await exchange.Dialogue!.EndAsync(exchange, candidate, told);
        return await SendAsync(exchange, candidate, told);
    }

    /// <summary>Sends a chat completion in the words of the client's protocol.</summary>
    private async Task<SendError?> TellAsync(Exchange exchange, Candidate candidate, ReadOnlyMemory<byte> completion)
    {
        using var told = new HeldBytes(pool);
        exchange.Dialogue!.WriteAnswer(exchange, candidate, completion.Span, told);
        await exchange.Dialogue.EndAsync(exchange, candidate, told);
        return await SendAsync(exchange, candidate, told);
    }

    private static async Task<SendError?> SendAsync(Exchange exchange, Candidate candidate, HeldBytes answer)
    {
        AnswerHead.ForWhole(exchange, candidate, answer.Length);
        var flushed = await exchange.Http.Response.BodyWriter.WriteAsync(answer.WrittenMemory, exchange.ClientLeft);
        return flushed.IsCompleted ? SendError.Of(candidate, SendErrorKind.ClientLeft, "had answered") : null;
    }

    private SendError TooLong(Candidate candidate) =>
        SendError.Of(candidate, SendErrorKind.TooLong, $"answered with more than {_longest} bytes (Gateway:MaxAnswerBytes)");
}
