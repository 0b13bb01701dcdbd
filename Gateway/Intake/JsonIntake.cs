using Microsoft.Extensions.Options;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Intake;

/// <summary>Takes the body into a rented buffer and reads what routing needs; a body that cannot be meant is refused here.</summary>
internal sealed class JsonIntake(BufferPool pool, BodyBudget budget, IOptions<GatewayOptions> options)
{
    private const int FirstGuess = 4 << 10;

    private readonly int _maxBytes = options.Value.MaxBodyBytes;
    private readonly int _maxDepth = options.Value.MaxJsonDepth;

    public async ValueTask<Refusal?> ReadAsync(Exchange exchange)
    {
        if (CheckHeaders(exchange.Http.Request) is { } refusal)
        {
            return refusal;
        }

        var body = new RequestBody(pool, budget);
        exchange.Body = body;
        if (await TakeAsync(exchange, body) is { } unread)
        {
            return unread;
        }

        await SocketThreads.LeaveFor(body.Bytes.Length);
        if (exchange.Protocol is not null)
        {
            return await TranslateAsync(exchange, exchange.Protocol, body);
        }

        var call = new Call { Body = body.Bytes, MaxDepth = _maxDepth };
        var fault = CallReader.Read(call, exchange.Operation, _maxDepth);
        exchange.Call = call;
        return fault;
    }

    /// <summary>From here on the request is what it says as a chat request.</summary>
    private async ValueTask<Refusal?> TranslateAsync(Exchange exchange, IClientProtocol protocol, RequestBody own)
    {
        var body = new TranslatedBody(own, pool, budget);
        exchange.Body = body;
        if (!body.TryReserve())
        {
            return IntakeRefusals.Busy();
        }

        var (refusal, dialogue) = await protocol.ReadAsync(exchange, body, _maxDepth);
        if (refusal is not null)
        {
            return refusal;
        }

        exchange.Dialogue = dialogue;
        exchange.Call = new Call { Body = body.Chat.WrittenMemory, MaxDepth = _maxDepth, ContinuesAnswer = dialogue?.ContinuesAnswer == true };
        return CallReader.Read(exchange.Call, exchange.Operation, _maxDepth);
    }

    private Refusal? CheckHeaders(HttpRequest request)
    {
        if (IntakeRefusals.Encoded(request) is { } refusal)
        {
            return refusal;
        }

        if (!IsJson(request.ContentType))
        {
            return IntakeRefusals.WrongType(request.ContentType, "application/json");
        }

        return request.ContentLength > _maxBytes ? TooLarge() : null;
    }

    private async ValueTask<Refusal?> TakeAsync(Exchange exchange, RequestBody body)
    {
        var request = exchange.Http.Request;
        if (!body.TryReserve(Math.Max(1, (int)(request.ContentLength ?? FirstGuess))))
        {
            return IntakeRefusals.Busy();
        }

        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(exchange.ClientLeft);
                var length = body.Bytes.Length + read.Buffer.Length;
                var refusal = length > _maxBytes ? TooLarge() : !body.TryReserve((int)length) ? IntakeRefusals.Busy() : null;
                if (refusal is null)
                {
                    body.Append(read.Buffer);
                }

                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (refusal is not null || read.IsCompleted)
                {
                    return refusal;
                }
            }
        }
        catch (BadHttpRequestException error)
        {
            return IntakeRefusals.Unreadable(exchange, error);
        }
        catch (IOException)
        {
            // The connection broke inside the body: nobody is left to answer.
            throw new OperationCanceledException(exchange.ClientLeft);
        }
    }

    private static bool IsJson(string? contentType)
    {
        var media = contentType.AsSpan();
        var parameters = media.IndexOf(';');
        media = (parameters < 0 ? media : media[..parameters]).Trim();
        return media.Equals("application/json", StringComparison.OrdinalIgnoreCase);
    }

    private Refusal TooLarge() => IntakeRefusals.TooLarge(_maxBytes, "Gateway:MaxBodyBytes");
}
